package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	tunSetIff   = 0x400454ca
	iffTun      = 0x0001
	iffNoPi     = 0x1000 // no packet-information header before each packet
	ifNameBytes = 16
)

// side is one end of the link: a namespace, and the TUN device in it.
type side struct {
	tun int
	// namespace is a path that setns(2) and nsenter(1) take.
	namespace string
	// devices is the file with the kernel's counts of the namespace's devices.
	devices string
	// mapping is how the other side sees this one, if not by its own addresses.
	mapping atomic.Pointer[mapping]
}

// openSide makes a namespace with a TUN device. The device is neither up nor does it have an address.
//
// A namespace belongs to a thread. The thread stays, doing nothing, so that /proc keeps a path to the namespace.
func openSide() (*side, error) {
	made := make(chan error)
	result := &side{}
	go func() {
		runtime.LockOSThread()
		made <- result.open()
		select {}
	}()
	return result, <-made
}

func (s *side) open() error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	// Without offloads, which nobody asks for here, a read is one packet as it would be on the wire: the kernel has
	// cut it to the MTU and computed its checksum, so that losing one read loses one real packet.
	tun, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/net/tun: %w", err)
	}
	var request [40]byte // struct ifreq: the name, then the flags
	copy(request[:ifNameBytes], device)
	*(*uint16)(unsafe.Pointer(&request[ifNameBytes])) = iffTun | iffNoPi
	if _, _, code := syscall.Syscall(
		syscall.SYS_IOCTL, uintptr(tun), tunSetIff, uintptr(unsafe.Pointer(&request[0])),
	); code != 0 {
		return fmt.Errorf("TUNSETIFF: %w", code)
	}
	s.tun = tun
	thread := fmt.Sprintf("/proc/%d/task/%d", os.Getpid(), syscall.Gettid())
	s.namespace = thread + "/ns/net"
	s.devices = thread + "/net/dev"
	return nil
}

// overruns is how many packets the kernel has thrown away because the emulator did not read them in time.
func (s *side) overruns() (int64, error) {
	text, err := os.ReadFile(s.devices)
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		name, numbers, found := strings.Cut(line, ":")
		if !found || strings.TrimSpace(name) != device {
			continue
		}
		// Eight counts of receiving, then bytes, packets, errors and drops of sending.
		const dropsOfSending = 11
		if fields := strings.Fields(numbers); len(fields) > dropsOfSending {
			return strconv.ParseInt(fields[dropsOfSending], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s has no counts of %s", s.devices, device)
}

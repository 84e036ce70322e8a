package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	packetBytes = 2048 // the MTU is 1500
	// maxHeld bounds the memory of a direction (128 MiB). A second of delay holds this many packets at 65,000 a second.
	maxHeld = 1 << 16
	// batch is how many packets are read before those that are due get their turn, and the other way round.
	batch        = 64
	pollIn       = 1
	timerSlack   = 29 // PR_SET_TIMERSLACK
	bitsPerByte  = 8
	nsPerUs      = int64(time.Microsecond)
	secondsMbit  = 1e3 // nanoseconds that one bit takes at 1 Mbit/s
	percentWhole = 100
)

// direction carries packets from one side to the other, in a thread of its own.
type direction struct {
	from, to   *side
	impairment atomic.Pointer[impairment]
	blackhole  atomic.Bool
	seed       atomic.Pointer[uint64]
	counts

	// The rest belongs to the thread.
	random  *rand.Rand
	started time.Time
	waiting line
	number  uint64
	// linkFree is when the last packet that was let in will have passed the bandwidth limit.
	linkFree int64
	// lastDue is when the last packet that was not reordered is due: jitter keeps the order.
	lastDue int64
	spare   [][]byte
	polled  pollDescriptor
	timeout syscall.Timespec
}

// pollDescriptor is struct pollfd.
type pollDescriptor struct {
	fd              int32
	events, revents int16
}

// newDirection takes all the memory there will ever be, so that the thread that carries packets never waits for the
// allocator. Pages that are not used cost nothing.
func newDirection(from, to *side) (*direction, error) {
	const packets = maxHeld + batch
	memory, err := syscall.Mmap(-1, 0, packets*packetBytes,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	d := &direction{
		from: from, to: to, started: time.Now(),
		random:  rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		waiting: make(line, 0, maxHeld),
		spare:   make([][]byte, 0, packets),
		polled:  pollDescriptor{fd: int32(from.tun), events: pollIn},
	}
	// The one that is taken first is the first.
	for at := packets - 1; at >= 0; at-- {
		d.spare = append(d.spare, memory[at*packetBytes:(at+1)*packetBytes:(at+1)*packetBytes])
	}
	d.impairment.Store(&impairment{})
	return d, nil
}

func (d *direction) now() int64 {
	return int64(time.Since(d.started))
}

// run never ends.
func (d *direction) run() {
	runtime.LockOSThread()
	// The kernel otherwise lets timers of ordinary threads be 50 µs late.
	if _, _, code := syscall.RawSyscall(syscall.SYS_PRCTL, timerSlack, 1, 0); code != 0 {
		d.die("PR_SET_TIMERSLACK", code)
	}
	for {
		d.release()
		if d.read() {
			d.wait()
		}
	}
}

func (d *direction) die(doing string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", doing, err)
	os.Exit(1)
}

// read takes in what has arrived, at most one batch. Tells whether that was all there was.
func (d *direction) read() bool {
	settings := d.impairment.Load()
	if seed := d.seed.Swap(nil); seed != nil {
		d.random = rand.New(rand.NewPCG(*seed, *seed))
	}
	for range batch {
		packet := d.buffer()
		length, err := syscall.Read(d.from.tun, packet)
		if err != nil {
			d.spare = append(d.spare, packet)
			switch err {
			case syscall.EAGAIN:
				return true
			case syscall.EINTR:
				continue
			// The device is not up yet.
			case syscall.EIO, syscall.EBADFD:
				return true
			default:
				d.die("read", err)
			}
		}
		d.accept(packet[:length], settings)
	}
	return false
}

// accept decides what becomes of a packet that has just arrived.
func (d *direction) accept(packet []byte, settings *impairment) {
	size := int64(len(packet))
	d.arrived.add(size)
	now := d.now()

	sent := now
	if settings.BandwidthMbit > 0 {
		sent = max(now, d.linkFree)
		if sent-now > milliseconds(settings.QueueMs) {
			d.queueFull.add(size)
			d.spare = append(d.spare, packet)
			return
		}
		sent += int64(float64(size*bitsPerByte) * secondsMbit / settings.BandwidthMbit)
		d.linkFree = sent
	}
	// A packet that gets lost has taken its share of the bandwidth.
	if settings.LossPercent > 0 && d.random.Float64()*percentWhole < settings.LossPercent {
		d.lost.add(size)
		d.spare = append(d.spare, packet)
		return
	}
	if mapping := d.from.mapping.Load(); mapping != nil {
		mapping.outward(packet)
	}

	due := sent + milliseconds(settings.DelayMs)
	if settings.JitterMs > 0 {
		due += milliseconds(settings.JitterMs * (2*d.random.Float64() - 1))
	}
	if settings.ReorderPercent > 0 && d.random.Float64()*percentWhole < settings.ReorderPercent {
		due += milliseconds(settings.ReorderMs)
		d.reordered.add(size)
	} else {
		due = max(due, d.lastDue)
		d.lastDue = due
	}
	if due <= now && len(d.waiting) == 0 {
		d.deliver(packet)
		return
	}
	if len(d.waiting) >= maxHeld {
		d.memoryFull.add(size)
		d.spare = append(d.spare, packet)
		return
	}
	d.number++
	d.waiting.add(held{due: due, number: d.number, packet: packet})
	d.onTheWay.Store(int64(len(d.waiting)))
}

// release delivers what is due, at most one batch.
func (d *direction) release() {
	for range batch {
		if len(d.waiting) == 0 {
			return
		}
		late := d.now() - d.waiting[0].due
		if late < 0 {
			return
		}
		d.lateness.add(late / nsPerUs)
		d.deliver(d.waiting.takeFirst().packet)
		d.onTheWay.Store(int64(len(d.waiting)))
	}
}

func (d *direction) deliver(packet []byte) {
	d.outcome(packet).add(int64(len(packet)))
	d.spare = append(d.spare, packet)
}

// outcome writes the packet if that may be, and says as what it counts.
func (d *direction) outcome(packet []byte) *amount {
	// Also what was on its way when the cable was cut.
	if d.blackhole.Load() {
		return &d.swallowed
	}
	if mapping := d.to.mapping.Load(); mapping != nil && !mapping.inward(packet) {
		return &d.unmapped
	}
	for {
		switch _, err := syscall.Write(d.to.tun, packet); err {
		case nil:
			return &d.forwarded
		case syscall.EINTR:
		default:
			// Not a packet, or the device is down.
			return &d.refused
		}
	}
}

// wait sleeps until a packet arrives or the next one is due.
func (d *direction) wait() {
	var timeout *syscall.Timespec
	if len(d.waiting) > 0 {
		left := d.waiting[0].due - d.now()
		if left <= 0 {
			return
		}
		d.timeout = syscall.NsecToTimespec(left)
		timeout = &d.timeout
	}
	_, _, code := syscall.Syscall6(
		syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&d.polled)), 1, uintptr(unsafe.Pointer(timeout)), 0, 0, 0,
	)
	if code != 0 && code != syscall.EINTR {
		d.die("ppoll", code)
	}
}

// buffer is there always: no more packets are held than there is room for.
func (d *direction) buffer() []byte {
	last := len(d.spare) - 1
	packet := d.spare[last]
	d.spare = d.spare[:last]
	return packet[:packetBytes]
}

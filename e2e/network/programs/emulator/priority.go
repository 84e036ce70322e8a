package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"
)

// goAhead gives this process priority over all ordinary ones: on busy cores packets are otherwise tens of milliseconds
// late. All its threads need it, since those that carry packets now and then wait for the runtime's own.
//
// Where that is not permitted, it shows in the lateness that is counted.
func goAhead() {
	// A thread that comes out of a system call finds a place to run without waiting for another's.
	const places = 16
	runtime.GOMAXPROCS(places)
	// Packets' memory is used again and not the runtime's. What little else there is to collect can wait until there
	// is this much of it.
	const memoryBytes = 1 << 30
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryBytes)

	const schedRoundRobin = 2
	lowest := int32(1) // struct sched_param
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	// Those that come later have it from the one that starts them.
	for _, thread := range threads {
		if id, err := strconv.Atoi(thread.Name()); err == nil {
			_, _, _ = syscall.Syscall(
				syscall.SYS_SCHED_SETSCHEDULER, uintptr(id), schedRoundRobin, uintptr(unsafe.Pointer(&lowest)),
			)
		}
	}
}

package main

import (
	"math/bits"
	"sync/atomic"
)

// amount is packets and the bytes in them.
type amount struct{ packets, bytes atomic.Int64 }

func (a *amount) add(size int64) {
	a.packets.Add(1)
	a.bytes.Add(size)
}

func (a *amount) report(reset bool) amountReport {
	if reset {
		return amountReport{Packets: a.packets.Swap(0), Bytes: a.bytes.Swap(0)}
	}
	return amountReport{Packets: a.packets.Load(), Bytes: a.bytes.Load()}
}

// histogram counts microseconds: bucket n has what is below 2^n and in no bucket before.
type histogram struct{ buckets [64]atomic.Int64 }

func (h *histogram) add(us int64) {
	h.buckets[bits.Len64(uint64(us))].Add(1)
}

func (h *histogram) report(reset bool) lateReport {
	var counts [64]int64
	var all int64
	for at := range h.buckets {
		if reset {
			counts[at] = h.buckets[at].Swap(0)
		} else {
			counts[at] = h.buckets[at].Load()
		}
		all += counts[at]
	}
	below := func(share float64) int64 {
		var seen int64
		for at, count := range counts {
			seen += count
			if count > 0 && float64(seen) >= share*float64(all) {
				return 1 << at
			}
		}
		return 0
	}
	return lateReport{P50: below(0.5), P99: below(0.99), Max: below(1)}
}

// counts is what has become of the packets of one direction.
type counts struct {
	arrived, forwarded, lost, queueFull, swallowed, unmapped, memoryFull, refused, reordered amount
	lateness                                                                                 histogram
	onTheWay                                                                                 atomic.Int64
	overrunsBefore                                                                           int64
}

type amountReport struct {
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
}

type lateReport struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

type report struct {
	Arrived   amountReport `json:"arrived"`
	Forwarded amountReport `json:"forwarded"`
	// Lost by LossPercent.
	Lost amountReport `json:"lost"`
	// QueueFull: dropped before the bandwidth limit.
	QueueFull amountReport `json:"queueFull"`
	// Swallowed by the blackhole.
	Swallowed amountReport `json:"swallowed"`
	// Unmapped: sent to an address that the side had before it was rebound.
	Unmapped amountReport `json:"unmapped"`
	// Reordered are a part of those that were forwarded, or are still on their way.
	Reordered amountReport `json:"reordered"`
	// OnTheWay is how many packets have arrived and are not due yet; a reset leaves it as it is.
	OnTheWay int64 `json:"onTheWay"`

	// What follows is the emulator's own failing.

	// MemoryFull: more packets were on their way than it holds.
	MemoryFull amountReport `json:"memoryFull"`
	// Refused by the receiving device.
	Refused amountReport `json:"refused"`
	// Overruns are packets that it did not read in time.
	Overruns int64 `json:"overruns"`
	// LateUs is how much later than due packets were delivered, in microseconds, rounded up to a power of two.
	LateUs lateReport `json:"lateUs"`
}

func (d *direction) report(reset bool) (report, error) {
	overruns, err := d.from.overruns()
	if err != nil {
		return report{}, err
	}
	read := report{
		Arrived: d.arrived.report(reset), Forwarded: d.forwarded.report(reset),
		Lost: d.lost.report(reset), QueueFull: d.queueFull.report(reset),
		Swallowed: d.swallowed.report(reset), Unmapped: d.unmapped.report(reset), Reordered: d.reordered.report(reset),
		OnTheWay:   d.onTheWay.Load(),
		MemoryFull: d.memoryFull.report(reset), Refused: d.refused.report(reset),
		Overruns: overruns - d.overrunsBefore, LateUs: d.lateness.report(reset),
	}
	if reset {
		d.overrunsBefore = overruns
	}
	return read, nil
}

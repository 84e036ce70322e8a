package main

import (
	"fmt"
	"math"
	"time"
)

// impairment is what one direction of the link does to packets. Zero everywhere is a perfect link.
type impairment struct {
	// DelayMs is how long each packet takes.
	DelayMs float64 `json:"delayMs"`
	// JitterMs is how far the delay may lie from DelayMs, evenly. Packets keep their order.
	JitterMs float64 `json:"jitterMs"`
	// LossPercent of the packets are lost, each independently of the others.
	LossPercent float64 `json:"lossPercent"`
	// ReorderPercent of the packets take ReorderMs longer; those behind overtake them.
	ReorderPercent float64 `json:"reorderPercent"`
	ReorderMs      float64 `json:"reorderMs"`
	// BandwidthMbit is 10^6 bits of IP packets a second; 0 is without a limit.
	BandwidthMbit float64 `json:"bandwidthMbit"`
	// QueueMs is how long a packet may have to wait for the bandwidth; one that would wait longer is dropped.
	QueueMs float64 `json:"queueMs"`
}

func (i *impairment) check() error {
	const longestMs = 60_000
	for _, each := range []struct {
		name       string
		value, max float64
	}{
		{"delayMs", i.DelayMs, longestMs},
		{"jitterMs", i.JitterMs, i.DelayMs},
		{"lossPercent", i.LossPercent, 100},
		{"reorderPercent", i.ReorderPercent, 100},
		{"reorderMs", i.ReorderMs, longestMs},
		{"bandwidthMbit", i.BandwidthMbit, math.MaxFloat64},
		{"queueMs", i.QueueMs, longestMs},
	} {
		if !(each.value >= 0 && each.value <= each.max) {
			return fmt.Errorf("%s is %v, and must be from 0 to %v", each.name, each.value, each.max)
		}
	}
	return nil
}

func milliseconds(value float64) int64 {
	return int64(value * float64(time.Millisecond))
}

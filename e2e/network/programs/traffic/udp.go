package main

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"slices"
	"time"
)

const (
	maxPacketBytes = 65_536
	bufferBytes    = 4 << 20
	// maxSources is how many source addresses an echo server names.
	maxSources = 1000
)

func listenUDP(address string) (*net.UDPConn, error) {
	local, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, err
	}
	if err := socket.SetReadBuffer(bufferBytes); err != nil {
		return nil, err
	}
	say(map[string]any{"event": "ready", "port": socket.LocalAddr().(*net.UDPAddr).Port})
	return socket, nil
}

// udpEcho sends every packet back, and says {"event":"source","address":…} for every new address it comes from.
func udpEcho(address string) error {
	socket, err := listenUDP(address)
	if err != nil {
		return err
	}
	packet := make([]byte, maxPacketBytes)
	sources := map[string]bool{}
	for {
		length, from, err := socket.ReadFromUDP(packet)
		if err != nil {
			return err
		}
		if name := from.String(); !sources[name] && len(sources) < maxSources {
			sources[name] = true
			say(map[string]any{"event": "source", "address": name})
		}
		if _, err := socket.WriteToUDP(packet[:length], from); err != nil {
			return err
		}
	}
}

type echo struct {
	number uint64
	took   time.Duration
}

// udpPing sends numbered packets from a socket that is bound to no address, and says how many came back, how long
// they took, and how many were overtaken by later ones.
func udpPing(address string, count int, interval time.Duration, size int, linger time.Duration) error {
	remote, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	if err := socket.SetReadBuffer(bufferBytes); err != nil {
		return err
	}
	started := time.Now()
	collected := make(chan []echo)
	go func() { collected <- collect(socket, started, count) }()

	packet := make([]byte, max(size, 16))
	failed := 0
	for number := range count {
		if wait := time.Until(started.Add(time.Duration(number) * interval)); wait > 0 {
			time.Sleep(wait)
		}
		binary.BigEndian.PutUint64(packet, uint64(number))
		binary.BigEndian.PutUint64(packet[8:], uint64(time.Since(started)))
		// Such as: no route while the address changes.
		if _, err := socket.WriteToUDP(packet, remote); err != nil {
			failed++
		}
	}
	if err := socket.SetReadDeadline(time.Now().Add(linger)); err != nil {
		return err
	}
	summarise(count, failed, <-collected)
	return nil
}

// collect reads until all echoes are there, or the deadline that somebody else sets passes.
func collect(socket *net.UDPConn, started time.Time, count int) []echo {
	echoes := make([]echo, 0, count)
	packet := make([]byte, maxPacketBytes)
	for len(echoes) < count {
		length, _, err := socket.ReadFromUDP(packet)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil || length < 16 {
			continue
		}
		sent := time.Duration(binary.BigEndian.Uint64(packet[8:]))
		echoes = append(echoes, echo{binary.BigEndian.Uint64(packet), time.Since(started) - sent})
	}
	return echoes
}

func summarise(sent, failed int, echoes []echo) {
	overtaken, highest := 0, uint64(0)
	took := make([]float64, 0, len(echoes))
	for _, each := range echoes {
		if each.number < highest {
			overtaken++
		}
		highest = max(highest, each.number)
		took = append(took, float64(each.took)/float64(time.Millisecond))
	}
	slices.Sort(took)
	at := func(share float64) any {
		if len(took) == 0 {
			return nil
		}
		return took[min(len(took)-1, int(share*float64(len(took))))]
	}
	say(map[string]any{
		"event": "done", "sent": sent, "failed": failed, "received": len(echoes), "overtaken": overtaken,
		"rttMs": map[string]any{"min": at(0), "p50": at(0.5), "p99": at(0.99), "max": at(1)},
	})
}

// udpSink counts packets from the first one until none has come for as long as linger, and says how many came in how
// many milliseconds.
func udpSink(address string, linger time.Duration) error {
	socket, err := listenUDP(address)
	if err != nil {
		return err
	}
	packet := make([]byte, maxPacketBytes)
	var packets, bytes int
	var first, last time.Time
	for {
		length, _, err := socket.ReadFromUDP(packet)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return err
		}
		last = time.Now()
		if packets == 0 {
			first = last
		}
		packets++
		bytes += length
		if err := socket.SetReadDeadline(last.Add(linger)); err != nil {
			return err
		}
	}
	say(map[string]any{"event": "done", "packets": packets, "bytes": bytes, "ms": milliseconds(last.Sub(first))})
	return nil
}

// udpBlast sends as fast as it can.
func udpBlast(address string, lasts time.Duration, size int) error {
	socket, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	packet := make([]byte, size)
	started := time.Now()
	sent := 0
	for time.Since(started) < lasts {
		// Refused, or no room: the receiver counts.
		if _, err := socket.Write(packet); err == nil {
			sent++
		}
	}
	say(map[string]any{"event": "done", "packets": sent, "bytes": sent * size, "ms": milliseconds(time.Since(started))})
	return nil
}

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// mapping is how a network address translator shows one side to the other: by other addresses, and with its ports
// moved round by PortShift. It needs no table, since each port has exactly one counterpart.
//
// Addresses within ICMP errors are not translated.
type mapping struct {
	Inside4   netip.Addr `json:"inside4"`
	Outside4  netip.Addr `json:"outside4"`
	Inside6   netip.Addr `json:"inside6"`
	Outside6  netip.Addr `json:"outside6"`
	PortShift uint16     `json:"portShift"`
}

const (
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
	firstPort      = 1024 // those below stay
	movedPorts     = 1<<16 - firstPort
)

func (m *mapping) check() error {
	if !m.Inside4.Is4() || !m.Outside4.Is4() || !m.Inside6.Is6() || !m.Outside6.Is6() {
		return errors.New("a mapping has two IPv4 and two IPv6 addresses")
	}
	if int(m.PortShift) >= movedPorts {
		return errors.New("portShift is at least as large as the number of ports")
	}
	return nil
}

// outward makes a packet of the side come from its outside address.
func (m *mapping) outward(packet []byte) {
	if header, ok := parse(packet, false); ok && header.address() == m.inside(header) {
		header.rewrite(m.outside(header), int(m.PortShift))
	}
}

// inward makes a packet for the outside address go to the side. False if it is for another address.
func (m *mapping) inward(packet []byte) bool {
	header, ok := parse(packet, true)
	if !ok || header.address() != m.outside(header) {
		return false
	}
	header.rewrite(m.inside(header), movedPorts-int(m.PortShift))
	return true
}

func (m *mapping) inside(of header) netip.Addr {
	if of.isV4 {
		return m.Inside4
	}
	return m.Inside6
}

func (m *mapping) outside(of header) netip.Addr {
	if of.isV4 {
		return m.Outside4
	}
	return m.Outside6
}

// header is where in a packet the source, or the destination, stands.
type header struct {
	packet     []byte
	isV4       bool
	addressAt  int
	addressEnd int
	// portAt is 0 where there is none: another protocol, or not the first fragment.
	portAt int
	// checksumAt is where the checksum of the transport protocol stands that covers the addresses, or 0.
	checksumAt int
	isUDP      bool
}

func parse(packet []byte, destination bool) (header, bool) {
	h := header{packet: packet}
	var protocol byte
	var payload int
	isFirst := true
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		h.isV4 = true
		h.addressAt, h.addressEnd = 12, 16
		if destination {
			h.addressAt, h.addressEnd = 16, 20
		}
		protocol = packet[9]
		payload = int(packet[0]&0x0f) * 4
		isFirst = binary.BigEndian.Uint16(packet[6:])&0x1fff == 0
	case len(packet) >= 40 && packet[0]>>4 == 6:
		h.addressAt, h.addressEnd = 8, 24
		if destination {
			h.addressAt, h.addressEnd = 24, 40
		}
		protocol = packet[6] // extension headers are rare enough to be left alone
		payload = 40
	default:
		return h, false
	}
	checksum, hasPorts := 0, true
	switch protocol {
	case protocolTCP:
		checksum = 16
	case protocolUDP:
		checksum = 6
		h.isUDP = true
	case protocolICMPv6:
		checksum, hasPorts = 2, false
	default:
		return h, true
	}
	if !isFirst || len(packet) < payload+checksum+2 {
		return h, true
	}
	h.checksumAt = payload + checksum
	if hasPorts {
		h.portAt = payload
		if destination {
			h.portAt += 2
		}
	}
	return h, true
}

func (h header) address() netip.Addr {
	address, _ := netip.AddrFromSlice(h.packet[h.addressAt:h.addressEnd])
	return address
}

// rewrite puts in another address, moves the port, and corrects the checksums (RFC 1624).
func (h header) rewrite(to netip.Addr, shift int) {
	// A UDP checksum of 0 means that there is none (RFC 768).
	hasChecksum := h.checksumAt > 0 && !(h.isUDP && h.isV4 && binary.BigEndian.Uint16(h.packet[h.checksumAt:]) == 0)
	change := func(at int, value uint16) {
		old := binary.BigEndian.Uint16(h.packet[at:])
		binary.BigEndian.PutUint16(h.packet[at:], value)
		if h.isV4 && at < 20 {
			correct(h.packet[10:], old, value)
		}
		if hasChecksum {
			correct(h.packet[h.checksumAt:], old, value)
		}
	}
	address := to.AsSlice()
	for at := 0; at < len(address); at += 2 {
		change(h.addressAt+at, binary.BigEndian.Uint16(address[at:]))
	}
	if h.portAt > 0 {
		if port := int(binary.BigEndian.Uint16(h.packet[h.portAt:])); port >= firstPort {
			change(h.portAt, uint16((port-firstPort+shift)%movedPorts+firstPort))
		}
	}
	if hasChecksum && h.isUDP && binary.BigEndian.Uint16(h.packet[h.checksumAt:]) == 0 {
		binary.BigEndian.PutUint16(h.packet[h.checksumAt:], 0xffff)
	}
}

// correct updates a checksum for a 16-bit word that changed.
func correct(checksum []byte, old, value uint16) {
	sum := uint32(^binary.BigEndian.Uint16(checksum)) + uint32(^old) + uint32(value)
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(checksum, ^uint16(sum))
}

package main

// held is a packet on its way: when it is due, and which came first of those that are due together.
type held struct {
	due    int64
	number uint64
	packet []byte
}

// line is the packets on their way, the next one due first: a binary heap, since reordered ones are due later than
// those that come after them.
type line []held

func (l line) before(a, b int) bool {
	return l[a].due < l[b].due || (l[a].due == l[b].due && l[a].number < l[b].number)
}

func (l *line) add(item held) {
	*l = append(*l, item)
	all := *l
	for at := len(all) - 1; at > 0; {
		parent := (at - 1) / 2
		if !all.before(at, parent) {
			return
		}
		all[at], all[parent] = all[parent], all[at]
		at = parent
	}
}

func (l *line) takeFirst() held {
	all := *l
	first := all[0]
	last := len(all) - 1
	all[0] = all[last]
	all[last] = held{}
	all = all[:last]
	for at := 0; ; {
		child := 2*at + 1
		if child >= last {
			break
		}
		if child+1 < last && all.before(child+1, child) {
			child++
		}
		if !all.before(child, at) {
			break
		}
		all[at], all[child] = all[child], all[at]
		at = child
	}
	*l = all
	return first
}

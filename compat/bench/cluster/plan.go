package cluster

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// plan plans an S3 inventory that has the files of all shards in no order.
func (s *set) plan() error {
	inventory := s.path("inventory.csv.gz")
	if err := s.writeInventory(inventory); err != nil {
		return err
	}
	values, err := measure.Execute("sh", "-c", `"$1" plan -q --json --shards `+fmt.Sprint(shards)+
		` -o "$2" "$3" >"$4"`, "sh", s.b.Tpk, s.path("plan"), inventory, s.path("plan.json"))
	if err != nil {
		return err
	}
	if err := s.checkPlan(); err != nil {
		return err
	}
	if err := os.Remove(inventory); err != nil {
		return err
	}
	return s.record("plan", append(values,
		measure.Value{Of: float64(shards * s.per), Unit: "entries"})...)
}

func (s *set) writeInventory(name string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(z)
	const prime = 1_000_000_007 // more than there are files, so each comes once
	n := uint64(shards * s.per)
	for i := range n {
		k := int(i * prime % n)
		fmt.Fprintf(w, "\"bucket\",\"%s/%s\",\"%d\"\n", part(k/s.per), below(k%s.per), size)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

// checkPlan checks that each list has as many files as a shard must have.
func (s *set) checkPlan() error {
	f, err := os.Open(s.path("plan.json"))
	if err != nil {
		return err
	}
	defer f.Close()
	lists := 0
	for d := json.NewDecoder(f); ; lists++ {
		var list struct{ Entries int }
		switch err := d.Decode(&list); {
		case err == io.EOF && lists == shards:
			return nil
		case err != nil:
			return fmt.Errorf("list %d: %w", lists, err)
		case list.Entries != s.per:
			return fmt.Errorf("list %d has %d entries, want %d", lists, list.Entries, s.per)
		}
	}
}

package stowbook_test

import (
	"os"
	"testing"
)

func BenchmarkGet(b *testing.B) {
	containers := openMemory(b).Namespace("default").Containers()
	record := web()
	record.Spec.Value = must(os.ReadFile("../../bench/spec.json"))(b)
	must(containers.Create(ctx, record))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := containers.Get(ctx, "web"); err != nil {
			b.Fatal(err)
		}
	}
}

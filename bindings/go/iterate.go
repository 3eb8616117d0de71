package stowbook

import "iter"

// each goes through a list that is got when it begins.
func each[T any](list func() ([]*T, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		records, err := list()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

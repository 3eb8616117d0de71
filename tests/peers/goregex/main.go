// goregex answers for Go's package regexp, as the reference for the filters' regular expressions (core/tests/regex_go.rs).
//
// It reads questions and writes answers, one JSON object a line, all bytes in base64:
//
//	{"pattern": "YQ==", "texts": ["YWI=", ""]}   does the expression match in the texts?
//	{"matches": [true, false]}
//	{"pattern": "Wy1h"}                          an expression that does not compile
//	{"error": "error parsing regexp: ..."}
//	{"pattern": "XHB7THV9", "edges": true}       which characters around the edges of the set are in it?
//	{"characters": [65, 64, 90, 91], "matches": [true, false, true, false]}
//
// With the argument "names" it writes the names of all Unicode classes instead, one a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

type question struct {
	Pattern []byte   `json:"pattern"`
	Texts   [][]byte `json:"texts"`
	Edges   bool     `json:"edges"`
}

type answer struct {
	Error      string `json:"error,omitempty"`
	Characters []rune `json:"characters,omitempty"`
	Matches    []bool `json:"matches"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "names" {
		names()
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "goregex:", err)
		os.Exit(1)
	}
}

func serve() error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return err
		}
		if err := encoder.Encode(reply(q)); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}

func reply(q question) answer {
	compiled, err := regexp.Compile(string(q.Pattern))
	if err != nil {
		return answer{Error: err.Error()}
	}
	a := answer{Matches: []bool{}}
	for _, text := range q.Texts {
		a.Matches = append(a.Matches, compiled.MatchString(string(text)))
	}
	if q.Edges {
		a.Characters = edges(string(q.Pattern))
		for _, c := range a.Characters {
			a.Matches = append(a.Matches, compiled.MatchString(string(c)))
		}
	}
	return a
}

// edges gives the characters at both sides of each edge of the one set that a pattern is.
func edges(pattern string) []rune {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var out []rune
	for i, r := range tree.Rune {
		outside := r - 1
		if i%2 == 1 {
			outside = r + 1
		}
		for _, c := range []rune{r, outside} {
			if c >= 0 && c <= unicode.MaxRune && utf8.ValidRune(c) {
				out = append(out, c)
			}
		}
	}
	return out
}

func names() {
	all := []string{"Any", "Assigned", "ASCII"}
	for name := range unicode.Categories {
		all = append(all, name)
	}
	for name := range unicode.CategoryAliases {
		all = append(all, name)
	}
	for name := range unicode.Scripts {
		all = append(all, name)
	}
	slices.Sort(all)
	for _, name := range all {
		fmt.Println(name)
	}
}

// SPDX-License-Identifier: Apache-2.0

// What `docker compose config` does, by the library that it is made of: reads a compose file with the variables of the
// environment filled in, checks it against the schema and itself, and prints the outcome as JSON. Warnings end it, too.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/sirupsen/logrus"
)

// A warning of the library's is a failure of ours.
type strict struct{ n int }

func (s *strict) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

func (s *strict) Fire(*logrus.Entry) error {
	s.n++
	return nil
}

func run(file string) error {
	warnings := &strict{}
	logrus.AddHook(warnings)
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	if warnings.n > 0 {
		return fmt.Errorf("%d warnings", warnings.n)
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compose FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

//go:build !recorder

package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"debrief/internal/models"
)

func modelsCommand() *cli.Command {
	return &cli.Command{
		Name:  "models",
		Usage: "check or prepare the speech and sentence models",
		Description: "The models come with make setup; nothing is fetched when debrief runs.\n" +
			"They are looked for in $" + models.EnvDir + ", in ../models beside the program,\n" +
			"and in debrief/models of the user's data directory.",
		Subcommands: []*cli.Command{
			{
				Name:  "verify",
				Usage: "compare every model file with the hash recorded at set-up",
				Action: func(c *cli.Context) error {
					dir, err := models.Find()
					if err != nil {
						return err
					}
					if err := dir.Verify(c.Context); err != nil {
						return err
					}
					_, err = fmt.Fprintf(c.App.Writer, "%s: every file is as it was prepared\n", dir.Root())
					return err
				},
			},
			{
				Name:  "prepare",
				Usage: "make the models from the files of their packages (make setup does this)",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "from", Usage: "`DIR` with the packages' files, as scripts/setup.sh lays them out", Required: true},
					&cli.StringFlag{Name: "to", Usage: "`DIR` to make or replace", Required: true},
				},
				Action: func(c *cli.Context) error {
					return models.Prepare(c.Context, c.String("from"), c.String("to"))
				},
			},
		},
	}
}

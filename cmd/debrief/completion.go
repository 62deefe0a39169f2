package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// The scripts ask the binary itself for its commands and flags, so they never go stale.
const (
	bashCompletion = `_debrief() {
  local cur=${COMP_WORDS[COMP_CWORD]} words
  if [[ $cur == -* ]]; then
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" "$cur" --generate-bash-completion 2>/dev/null)
  else
    words=$("${COMP_WORDS[@]:0:COMP_CWORD}" --generate-bash-completion 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _debrief debrief
`
	zshCompletion  = "autoload -U +X bashcompinit && bashcompinit\n" + bashCompletion
	fishCompletion = `complete -c debrief -f -n __fish_use_subcommand -a '(debrief --generate-bash-completion)'
complete -c debrief -n 'not __fish_use_subcommand' -a '(commandline -opc) (commandline -ct) --generate-bash-completion 2>/dev/null'
`
)

func completionCommand() *cli.Command {
	scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: "bash: source <(debrief completion bash)\n" +
			"zsh:  source <(debrief completion zsh)\n" +
			"fish: debrief completion fish | source",
		Action: func(c *cli.Context) error {
			script, ok := scripts[c.Args().First()]
			if !ok {
				return usageError(fmt.Sprintf("no completion for shell %q", c.Args().First()), "debrief completion bash|zsh|fish")
			}
			_, err := fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}

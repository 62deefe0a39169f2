package pipeline

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"debrief"
)

// audioExtensions are the names taken from a directory. A file named on the command line is
// tried whatever it is called: its content decides.
var audioExtensions = []string{
	".wav", ".wave", ".flac", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".webm", ".mka", ".amr", ".3gp", ".aif", ".aiff", ".caf", ".wma",
}

// Extensions lists the endings of audio files, with the dot and in small letters.
func Extensions() []string { return slices.Clone(audioExtensions) }

// Files lists the audio files that arguments name: a file is itself, a directory all audio
// files below it in path order. A hidden file or directory is passed over. An argument that
// gives nothing is an error of its own; the others are still listed.
func Files(args []string) (files []string, problems []Result) {
	for _, arg := range args {
		found, err := filesOf(arg)
		if err != nil {
			problems = append(problems, Result{File: arg, Outcome: Failed, Err: err})
		}
		for _, f := range found {
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files, problems
}

func filesOf(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fileError(err)
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	var out []string
	err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fileError(err)
		}
		if path != arg && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.IsDir() && slices.Contains(audioExtensions, strings.ToLower(filepath.Ext(path))) {
			out = append(out, path)
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = debrief.WithHint(fmt.Errorf("%w in this directory", debrief.ErrNoAudio),
			"name a directory with wav, flac, mp3, m4a, ogg, opus or webm files")
	}
	return out, err
}

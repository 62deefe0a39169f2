package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// paper is a sheet in inches.
type paper struct {
	name          string
	width, height float64
}

var papers = []paper{{"A4", 8.27, 11.69}, {"Letter", 8.5, 11}}

// printed returns the text of each page as it comes out of a printer; with the flag for pictures the PDF is kept.
func printed(t *testing.T, ctx context.Context, name string, p paper) (file string, pages []string) {
	t.Helper()
	var data []byte
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, _, err = page.PrintToPDF().WithPaperWidth(p.width).WithPaperHeight(p.height).WithPrintBackground(true).Do(ctx)
		return err
	}))
	dir := *shots
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, name+"-"+p.name+".pdf")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", file, "-").Output()
	if err != nil {
		t.Fatalf("read the PDF with pdftotext, of Debian's poppler-utils: %v", err)
	}
	for text := range strings.SplitSeq(strings.TrimSuffix(string(out), "\f"), "\f") {
		pages = append(pages, plain(text))
	}
	return file, pages
}

// plain is a text without line breaks and without the joined letters of print.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("ﬁ", "fi", "ﬂ", "fl", "ﬀ", "ff", "ﬃ", "ffi", "ﬄ", "ffl").Replace(text)), " ")
}

// whiteMargins holds a printed page to black on white: its outermost 8 mm are empty, for a printer
// cannot reach the edge, and little of the rest is dark.
func whiteMargins(t *testing.T, file string) {
	t.Helper()
	const dpi, margin = 50, 50 * 8 / 25
	grey, err := exec.Command("pdftoppm", "-gray", "-r", fmt.Sprint(dpi), file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; len(grey) > 0; n++ {
		var width, height, most int
		if _, err := fmt.Sscanf(string(grey[:min(len(grey), 40)]), "P5\n%d %d\n%d\n", &width, &height, &most); err != nil {
			t.Fatalf("page %d is no picture: %v", n, err)
		}
		grey = grey[len(fmt.Sprintf("P5\n%d %d\n%d\n", width, height, most)):]
		picture := grey[:width*height]
		grey = grey[width*height:]
		dark, outside := 0, 0
		for i, v := range picture {
			x, y := i%width, i/width
			if v < 128 {
				dark++
			}
			if v < 250 && (x < margin || y < margin || x >= width-margin || y >= height-margin) {
				outside++
			}
		}
		if outside > 0 {
			t.Errorf("page %d: %d points of print lie outside of what a printer reaches", n, outside)
		}
		if share := float64(dark) / float64(len(picture)); share == 0 || share > 0.2 {
			t.Errorf("page %d: %.0f %% of it is dark", n, 100*share)
		}
	}
}

// sheetOnly presses the button that prints the prep sheet; the dialog of the browser is left out.
func sheetOnly(t *testing.T, ctx context.Context) {
	t.Helper()
	eval[any](t, ctx, `window.print = () => {}; document.querySelector("[data-print=sheet]").click(); null`)
}

// fill puts so many lines of so many characters, and so many open questions, on the prep sheet.
func fill(t *testing.T, ctx context.Context, dense bool, lines, characters, asks int) {
	t.Helper()
	eval[any](t, ctx, fmt.Sprintf(`(() => {
		const prep = document.querySelector(".prep"), topics = [...prep.querySelectorAll(".topic:not(:has(.asks))")];
		prep.classList.toggle("dense", %v);
		const line = prep.querySelector(".cite"), ask = prep.querySelector(".asks li");
		for (const topic of topics) topic.lastElementChild.replaceChildren();
		for (let i = 0; i < %d; i++) {
			const one = line.cloneNode(true);
			one.querySelector("q").textContent = ("line" + i + " and then I noticed how good that was, which nobody had told me. ").repeat(9).slice(0, %d) + " end" + i;
			topics[i %% topics.length].lastElementChild.append(one);
		}
		prep.querySelector(".asks").replaceChildren(...Array.from({length: %d}, () => ask.cloneNode(true)));
	})(); null`, dense, lines, characters, asks))
}

// TestPrint prints from a page that is seen in the dark.
func TestPrint(t *testing.T) {
	address := serve(t, "--demo")
	dark := wide
	dark.dark = true
	ctx := browse(t, dark)
	for _, p := range papers {
		t.Run(p.name, func(t *testing.T) {
			run(t, ctx, chromedp.Navigate(address+"clients/maya/course"), chromedp.WaitVisible("[data-print=sheet]"))
			drawn(t, ctx)
			quotes := eval[[]string](t, ctx, `[...document.querySelectorAll(".prep q, .asks li")].map(q => q.firstChild.textContent)`)
			if len(quotes) < 8 {
				t.Fatalf("the prep sheet has %d lines", len(quotes))
			}
			t.Run("TheSheetIsOnePage", func(t *testing.T) {
				sheetOnly(t, ctx)
				file, pages := printed(t, ctx, "prep-sheet", p)
				if len(pages) != 1 {
					t.Fatalf("the prep sheet takes %d pages", len(pages))
				}
				for _, words := range append(quotes, "Before treatment 4", "Maya Lindqvist", "Not answered yet") {
					if !strings.Contains(pages[0], plain(words)) {
						t.Errorf("%q is not on paper", words)
					}
				}
				for _, words := range []string{"Upload", "Search", "Recordings", "Print", "What returns"} {
					if strings.Contains(pages[0], words) {
						t.Errorf("%q is on paper", words)
					}
				}
				whiteMargins(t, file)
			})
			t.Run("TheCourseBeginsWithTheSheet", func(t *testing.T) {
				file, pages := printed(t, ctx, "course", p)
				if len(pages) < 2 || !strings.Contains(pages[0], "Before treatment 4") || strings.Contains(pages[0], "What was answered") || !strings.Contains(pages[1], "What was answered") {
					t.Errorf("%d pages, of which the first is %q", len(pages), pages[0])
				}
				if all := strings.Join(pages, " "); !strings.Contains(all, "How treatments fit together") || strings.Contains(all, "Upload") {
					t.Errorf("the whole course is %q", all)
				}
				whiteMargins(t, file)
			})
			for _, much := range []struct {
				name                    string
				dense                   bool
				lines, characters, asks int
			}{{"AsMuchAsThereIsRoomFor", false, 12, 120, 3}, {"AsMuchAsASheetEverHolds", true, 23, 140, 8}} {
				t.Run(much.name, func(t *testing.T) {
					fill(t, ctx, much.dense, much.lines, much.characters, much.asks)
					sheetOnly(t, ctx)
					_, pages := printed(t, ctx, "prep-sheet-full", p)
					if len(pages) != 1 {
						t.Errorf("takes %d pages", len(pages))
					}
					for i := range much.lines {
						if !strings.Contains(pages[0], fmt.Sprintf("end%d", i)) {
							t.Errorf("line %d is cut off", i)
						}
					}
				})
			}
		})
	}
	t.Run("ADebriefWithoutPrivateNotes", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(address+reviewed))
		drawn(t, ctx)
		file, pages := printed(t, ctx, "debrief", papers[0])
		all := strings.Join(pages, " ")
		for _, words := range []string{"Treatment 3: Immediate debrief", "Ask about this again", "What images came?", "The table again."} {
			if !strings.Contains(all, words) {
				t.Errorf("%q is not on paper", words)
			}
		}
		for _, words := range []string{"She looked away", "Upload", "Reword", "Skip silence", "Find in"} {
			if strings.Contains(all, words) {
				t.Errorf("%q is on paper", words)
			}
		}
		whiteMargins(t, file)
	})
}

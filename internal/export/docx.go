package export

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// Word returns the debrief for reading as a Word document: Office Open XML (ECMA-376) with nothing but paragraphs and
// their styles, which every word processor opens and restyles.
func Word(d *Document) ([]byte, error) {
	var body strings.Builder
	for _, bl := range d.blocks() {
		fmt.Fprintf(&body, `<w:p><w:pPr><w:pStyle w:val="%s"/></w:pPr>`, wordStyles[bl.style].id)
		if bl.label != "" {
			fmt.Fprintf(&body, `<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">%s </w:t></w:r>`, escapeXML(bl.label))
		}
		fmt.Fprintf(&body, `<w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, escapeXML(oneLine(bl.text)))
	}
	return zipped([]file{
		{"[Content_Types].xml", xml.Header + wordTypes},
		{"_rels/.rels", xml.Header + wordRoot},
		{"word/_rels/document.xml.rels", xml.Header + wordParts},
		{"word/styles.xml", xml.Header + wordStyleSheet()},
		{"word/document.xml", xml.Header + `<w:document xmlns:w="` + wordML + `"><w:body>` + body.String() + `<w:sectPr/></w:body></w:document>`},
	})
}

const (
	wordML    = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	wordTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>`
	wordRoot = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`
	wordParts = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
)

// wordStyles are the paragraph styles; size is in half points, the ids are Word's own where it has one.
var wordStyles = map[style]struct {
	id, name, paragraph string
	size                int
	bold, italic        bool
}{
	styleTitle:      {"Title", "Title", `<w:spacing w:after="240"/>`, 40, true, false},
	styleHeading:    {"Heading1", "heading 1", `<w:keepNext/><w:spacing w:before="360" w:after="120"/><w:outlineLvl w:val="0"/>`, 30, true, false},
	styleSubheading: {"Heading2", "heading 2", `<w:keepNext/><w:spacing w:before="240" w:after="60"/><w:outlineLvl w:val="1"/>`, 25, true, false},
	styleText:       {"Normal", "Normal", `<w:spacing w:after="80"/>`, 22, false, false},
	styleQuote:      {"Quote", "Quote", `<w:spacing w:after="80"/><w:ind w:left="567"/>`, 22, false, true},
	styleNote:       {"Note", "Note", `<w:spacing w:after="80"/><w:ind w:left="567"/>`, 20, false, false},
}

func wordStyleSheet() string {
	var b strings.Builder
	b.WriteString(`<w:styles xmlns:w="` + wordML + `">`)
	for s := styleTitle; s <= styleNote; s++ {
		st := wordStyles[s]
		def := ""
		if s == styleText {
			def = ` w:default="1"`
		}
		fmt.Fprintf(&b, `<w:style w:type="paragraph"%s w:styleId="%s"><w:name w:val="%s"/><w:pPr>%s</w:pPr><w:rPr>`, def, st.id, st.name, st.paragraph)
		if st.bold {
			b.WriteString("<w:b/>")
		}
		if st.italic {
			b.WriteString("<w:i/>")
		}
		fmt.Fprintf(&b, `<w:sz w:val="%d"/></w:rPr></w:style>`, st.size)
	}
	return b.String() + `</w:styles>`
}

// escapeXML also replaces what XML cannot hold, such as control characters.
func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer does not fail
	return b.String()
}

type file struct{ name, content string }

// zipped packs the files in their order, without times: the same files give the same bytes.
func zipped(files []file) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write([]byte(f.content))
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return b.Bytes(), nil
}

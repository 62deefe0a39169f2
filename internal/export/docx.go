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
			body.WriteString(wordRun("<w:b/>", bl.label) + wordAfterLabel(bl.style))
		}
		body.WriteString(wordRun("", oneLine(bl.text)))
		for _, mark := range bl.marks {
			// The spaces inside are part of the mark and do not break.
			body.WriteString(wordRun("", " ") + wordRun(`<w:rStyle w:val="Mark"/>`, "\u00a0"+strings.ReplaceAll(oneLine(mark), " ", "\u00a0")+"\u00a0"))
		}
		body.WriteString(`</w:p>`)
	}
	return zipped([]file{
		{"[Content_Types].xml", xml.Header + wordTypes},
		{"_rels/.rels", xml.Header + wordRoot},
		{"word/_rels/document.xml.rels", xml.Header + wordParts},
		{"word/styles.xml", xml.Header + wordStyleSheet()},
		{"word/footer1.xml", xml.Header + wordFooter(d.title())},
		{"word/document.xml", xml.Header + `<w:document xmlns:w="` + wordML + `" xmlns:r="` + officeML + `"><w:body>` + body.String() + wordPage + `</w:body></w:document>`},
	})
}

// wordRun is a stretch of text; an empty one is nothing.
func wordRun(properties, text string) string {
	if text == "" {
		return ""
	}
	if properties != "" {
		properties = "<w:rPr>" + properties + "</w:rPr>"
	}
	return `<w:r>` + properties + `<w:t xml:space="preserve">` + escapeXML(text) + `</w:t></w:r>`
}

// wordAfterLabel keeps what is said apart from when and by whom, so that the eye runs down either.
func wordAfterLabel(s style) string {
	if s == styleSpoken || s == styleQuote {
		return `<w:r><w:tab/></w:r>`
	}
	return wordRun("", " ")
}

const (
	wordML    = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	officeML  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	wordTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/></Types>`
	wordRoot = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + officeML + `/officeDocument" Target="word/document.xml"/></Relationships>`
	wordParts = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="` + officeML + `/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="` + officeML + `/footer" Target="footer1.xml"/></Relationships>`
	// wordPage is A4 with margins of 2.2 cm, in twentieths of a point.
	wordPage = `<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/>` +
		`<w:pgMar w:top="1247" w:right="1247" w:bottom="1247" w:left="1247" w:header="624" w:footer="624" w:gutter="0"/></w:sectPr>`
)

// wordFooter says on every page whose it is, and which.
func wordFooter(title string) string {
	field := func(name string) string {
		return `<w:fldSimple w:instr=" ` + name + ` "><w:r><w:t>1</w:t></w:r></w:fldSimple>`
	}
	return `<w:ftr xmlns:w="` + wordML + `"><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>` +
		wordRun("", title+" · ") + field("PAGE") + wordRun("", "/") + field("NUMPAGES") + `</w:p></w:ftr>`
}

// wordStyles are the paragraph styles; size is in half points, the ids are Word's own where it has one.
var wordStyles = map[style]struct {
	id, name, paragraph string
	size                int
	run                 string
}{
	styleTitle:      {"Title", "Title", `<w:spacing w:after="120"/>`, 40, "<w:b/>"},
	styleHeading:    {"Heading1", "heading 1", `<w:keepNext/><w:spacing w:before="360" w:after="120"/><w:outlineLvl w:val="0"/>`, 30, "<w:b/>"},
	styleSubheading: {"Heading2", "heading 2", `<w:keepNext/><w:spacing w:before="240" w:after="60"/><w:outlineLvl w:val="1"/>`, 24, "<w:b/>"},
	styleText:       {"Normal", "Normal", `<w:spacing w:after="80" w:line="264" w:lineRule="auto"/>`, 21, ""},
	styleSpoken:     {"Spoken", "Spoken", `<w:tabs><w:tab w:val="left" w:pos="1814"/></w:tabs><w:spacing w:after="100" w:line="264" w:lineRule="auto"/><w:ind w:left="1814" w:hanging="1814"/>`, 21, ""},
	styleQuote:      {"Quote", "Quote", `<w:tabs><w:tab w:val="left" w:pos="907"/></w:tabs><w:spacing w:after="80" w:line="264" w:lineRule="auto"/><w:ind w:left="907" w:hanging="907"/>`, 21, ""},
	styleNote:       {"Note", "Note", `<w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="C8A24A"/></w:pBdr><w:spacing w:after="100"/><w:ind w:left="1814"/>`, 20, ""},
}

// wordFonts are on most machines; word processors take their own nearest where one is missing.
const wordFonts = `<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/>`

func wordStyleSheet() string {
	var b strings.Builder
	b.WriteString(`<w:styles xmlns:w="` + wordML + `"><w:docDefaults><w:rPrDefault><w:rPr>` + wordFonts + `<w:lang w:val="en-GB"/></w:rPr></w:rPrDefault></w:docDefaults>`)
	for s := styleTitle; s <= styleNote; s++ {
		st := wordStyles[s]
		def := ""
		if s == styleText {
			def = ` w:default="1"`
		}
		fmt.Fprintf(&b, `<w:style w:type="paragraph"%s w:styleId="%s"><w:name w:val="%s"/><w:qFormat/><w:pPr>%s</w:pPr><w:rPr>%s<w:sz w:val="%d"/></w:rPr></w:style>`,
			def, st.id, st.name, st.paragraph, st.run, st.size)
	}
	b.WriteString(`<w:style w:type="paragraph" w:styleId="Footer"><w:name w:val="footer"/><w:pPr><w:jc w:val="right"/></w:pPr><w:rPr><w:color w:val="666666"/><w:sz w:val="17"/></w:rPr></w:style>` +
		`<w:style w:type="character" w:styleId="Mark"><w:name w:val="Mark"/><w:rPr><w:color w:val="1F4E5F"/><w:sz w:val="17"/><w:shd w:val="clear" w:color="auto" w:fill="DCEBEF"/></w:rPr></w:style>`)
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

package report

import (
	"image/color"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// Colours. tpk stands out; the other tools need different colours only in charts of lines.
var (
	ours   = color.RGBA{0x0b, 0x6e, 0x99, 0xff}
	theirs = color.RGBA{0xb4, 0xbb, 0xc4, 0xff}
	lines  = []color.Color{ours, color.RGBA{0xd9, 0x7b, 0x29, 0xff},
		color.RGBA{0x5f, 0x9e, 0x4c, 0xff}, color.RGBA{0x9a, 0x5f, 0xb5, 0xff},
		color.RGBA{0xb0, 0x3a, 0x48, 0xff}}
)

// draw writes the chart, and reports whether there was anything to draw.
func (c chart) draw(cases []*kase, file string) (bool, error) {
	cases = slices.DeleteFunc(slices.Clone(cases), func(k *kase) bool {
		return !k.has(c.unit) ||
			c.skip != "" && strings.Contains(k.title(), c.skip)
	})
	if len(cases) == 0 {
		return false, nil
	}
	if c.over != "" {
		return true, c.drawLines(cases, file)
	}
	return true, c.drawBars(cases, file)
}

// drawBars draws a panel for each case, with a bar for each tool.
func (c chart) drawBars(cases []*kase, file string) error {
	columns := min(2, len(cases))
	rows := (len(cases) + columns - 1) / columns
	bars := 0
	for _, k := range cases {
		bars = max(bars, len(k.tools))
	}
	panels := make([][]*plot.Plot, rows)
	for i := range panels {
		panels[i] = make([]*plot.Plot, columns)
		for j := range columns {
			if n := i*columns + j; n < len(cases) {
				p, err := c.panel(cases[n], bars)
				if err != nil {
					return err
				}
				panels[i][j] = p
			}
		}
	}
	width, height := vg.Length(columns)*vg.Points(380), vg.Length(rows)*vg.Points(float64(46+19*bars))
	canvas := newCanvas(width, height)
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Points(14), PadY: vg.Points(12),
		PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(6)}
	drawing := draw.New(canvas)
	for i, row := range panels {
		for j, p := range row {
			if p != nil {
				p.Draw(tiles.At(drawing, j, i))
			}
		}
	}
	return save(canvas, file)
}

// panel returns the chart of one case, with space for a number of bars.
func (c chart) panel(k *kase, bars int) (*plot.Plot, error) {
	p := newPlot(k.title())
	var names []string
	var labels plotter.XYLabels
	most := 0.0
	for _, tool := range slices.Backward(k.tools) { // the first one on top
		v, ok := k.median(tool, c.unit)
		if !ok {
			continue
		}
		bar, err := plotter.NewBarChart(plotter.Values{v}, vg.Points(12))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.LineStyle.Width, bar.Color = true, float64(len(names)), 0, theirs
		if strings.HasPrefix(tool, "tpk") {
			bar.Color = ours
		}
		p.Add(bar)
		labels.XYs = append(labels.XYs, plotter.XY{X: v, Y: float64(len(names))})
		labels.Labels = append(labels.Labels, " "+measure.Format(measure.Value{Of: v, Unit: c.unit}))
		names = append(names, plain(tool)+" ")
		most = max(most, v)
	}
	texts, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, err
	}
	for i := range texts.TextStyle {
		texts.TextStyle[i].Font.Size = vg.Points(9)
		texts.TextStyle[i].YAlign = text.YCenter
	}
	p.Add(texts)
	p.NominalY(names...)
	p.Y.LineStyle.Width, p.Y.Padding = 0, vg.Points(2)
	p.Y.Min, p.Y.Max = float64(len(names)-bars)-0.5, float64(len(names))-0.5
	p.HideX()
	p.X.Min, p.X.Max = 0, most*1.25 // room for the figure
	return p, nil
}

// drawLines draws a line for each tool over a key of the cases.
func (c chart) drawLines(cases []*kase, file string) error {
	p := newPlot(c.title)
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Label.Text = c.over
	p.X.Tick.Marker, p.Y.Tick.Marker = powers(""), powers(c.unit)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.TextStyle.Font.Size, p.Legend.Padding = vg.Points(9), vg.Points(2)
	var tools []string
	for _, k := range cases {
		for _, tool := range k.tools {
			if !slices.Contains(tools, tool) {
				tools = append(tools, tool)
			}
		}
	}
	least, most := math.Inf(1), 0.0
	for i, tool := range tools {
		var points plotter.XYs
		for _, k := range cases {
			v, ok := k.median(tool, c.unit)
			x, err := strconv.ParseFloat(k.value(c.over), 64)
			if ok && err == nil && v > 0 {
				points = append(points, plotter.XY{X: x, Y: v})
				least, most = min(least, v), max(most, v)
			}
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = lines[i%len(lines)], vg.Points(2)
		dots.Color, dots.Shape = line.Color, draw.CircleGlyph{}
		p.Add(line, dots)
		p.Legend.Add(plain(tool), line, dots)
	}
	p.Y.Min, p.Y.Max = math.Pow(10, math.Floor(math.Log10(least))),
		math.Pow(10, math.Ceil(math.Log10(most)))
	canvas := newCanvas(vg.Points(560), vg.Points(320))
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(6), -vg.Points(12), vg.Points(6), -vg.Points(6)))
	return save(canvas, file)
}

// powers marks the powers of ten on an axis.
func powers(unit string) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) (ticks []plot.Tick) {
		for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
			x := math.Pow(10, e)
			label := commas(strconv.FormatInt(int64(x+0.5), 10))
			if unit != "" {
				label = measure.Format(measure.Value{Of: x, Unit: unit})
				if number, u, ok := strings.Cut(label, " "); ok { // 1.00 µs is 1 µs here
					number, _, _ = strings.Cut(number, ".")
					label = number + " " + u
				}
			}
			ticks = append(ticks, plot.Tick{Value: x, Label: label})
		}
		return ticks
	})
}

// plain returns the name of a tool outside of a table.
func plain(tool string) string { return strings.ReplaceAll(toolTitle(tool), "\\", "") }

// value returns the value of a key of a case.
func (k *kase) value(key string) string {
	for _, kv := range k.keys {
		if kv[0] == key {
			return kv[1]
		}
	}
	return ""
}

func newPlot(title string) *plot.Plot {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	plotter.DefaultFont = plot.DefaultFont
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = vg.Points(11)
	p.Title.Padding = vg.Points(3)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label.Font.Size = vg.Points(9)
		a.Label.TextStyle.Font.Size = vg.Points(9)
	}
	return p
}

// newCanvas returns a white canvas, because the page behind it may be dark.
func newCanvas(width, height vg.Length) *vgsvg.Canvas {
	c := vgsvg.New(width, height)
	d := draw.New(c)
	d.FillPolygon(color.White, []vg.Point{{X: 0, Y: 0}, {X: width, Y: 0}, {X: width, Y: height},
		{X: 0, Y: height}})
	return c
}

func save(c *vgsvg.Canvas, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := c.WriteTo(f); err != nil {
		return err
	}
	return f.Close()
}

package field

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	"github.com/shopspring/decimal"
)

// Budgets of a formula. There are no loops: what a formula costs is bounded by
// its length.
const (
	maxFormula = 2000
	maxNodes   = 400
)

// FormulaError is why a formula cannot be used, and where: from one character to
// another, counted from 0. Name is the name or sign in question, if one is.
type FormulaError struct {
	Code string `json:"code" enum:"empty,too_long,syntax,unknown,types,not_allowed,result,cycle"`
	From int    `json:"from"`
	To   int    `json:"to"`
	Name string `json:"name,omitempty"`
}

// Error is the text for the log.
func (e *FormulaError) Error() string {
	return fmt.Sprintf("formula: %s %q at %d", e.Code, e.Name, e.From)
}

// formula is a formula that can be computed. uses are the keys of the fields in
// it, volatile says that it comes to something else tomorrow.
type formula struct {
	program  *vm.Program
	uses     []string
	result   string
	volatile bool
}

// compile reads a formula whose names are those of env, each with a value of its
// type. What it refuses is a *FormulaError.
func compile(text string, env map[string]any) (*formula, error) {
	if n := utf8.RuneCountInString(text); n > maxFormula {
		return nil, &FormulaError{Code: "too_long", From: maxFormula, To: n}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &FormulaError{Code: "empty"}
	}
	g := &guard{text: []rune(text), env: env}
	known := map[string]any{todayName: day{}}
	for key, sample := range env {
		known[key] = sample
	}
	options := append([]expr.Option{expr.Env(known), expr.Patch(g)}, grammar...)
	program, err := expr.Compile(text, options...)
	if g.err != nil {
		return nil, g.err
	}
	if err != nil {
		return nil, refusal(err)
	}
	f := &formula{program: program, uses: g.uses, volatile: g.volatile, result: resultOf(program.Node().Type())}
	if f.result == "" {
		return nil, &FormulaError{Code: "result", To: utf8.RuneCountInString(text)}
	}
	return f, nil
}

// resultOf returns the type of field that holds what a formula comes to; "" for
// what no field holds.
func resultOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[num]():
		return Number
	case reflect.TypeFor[day]():
		return Date
	case reflect.TypeFor[string]():
		return Text
	}
	return ""
}

func refusal(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return &FormulaError{Code: "syntax"}
	}
	e := &FormulaError{Code: "syntax", From: at.From, To: max(at.To, at.From+1)}
	if name, unknown := strings.CutPrefix(at.Message, "unknown name "); unknown {
		e.Code, e.Name = "unknown", name
		e.To = e.From + utf8.RuneCountInString(name)
	}
	for _, start := range []string{"invalid operation", "cannot use", "not enough arguments", "too many arguments", "non-bool expression", "no matching overload"} {
		if strings.HasPrefix(at.Message, start) || strings.Contains(at.Message, "mismatched types") {
			e.Code = "types"
		}
	}
	return e
}

// guard walks a formula before it is checked: it lets through what the language
// has, writes numbers exactly, and notes which fields are used.
type guard struct {
	text     []rune
	env      map[string]any
	uses     []string
	volatile bool
	err      *FormulaError
}

var signs = []string{"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "and", "or", "&&", "||", "contains", "startsWith", "endsWith"}

// Visit sees the parts of each part first.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		g.exact(node)
	case *ast.IdentifierNode:
		g.use(n)
	case *ast.BinaryNode:
		if !slices.Contains(signs, n.Operator) {
			g.refuse(n, n.Operator)
		}
	case *ast.UnaryNode:
		g.unary(node, n)
	case *ast.CallNode:
		g.call(node, n)
	case *ast.StringNode, *ast.BoolNode, *ast.ConditionalNode, *ast.ConstantNode:
	default:
		g.refuse(n, "")
	}
}

// exact turns a written number into the number that was written.
func (g *guard) exact(node *ast.Node) {
	at := (*node).Location()
	literal := strings.ReplaceAll(string(g.text[min(at.From, len(g.text)):min(at.To, len(g.text))]), "_", "")
	d, err := decimal.NewFromString(literal)
	if err != nil || d.NumDigits() > workDigits || d.Exponent() > workDigits || d.Exponent() < -workPlaces || d.Abs().GreaterThanOrEqual(workLimit) {
		g.refuse(*node, literal)
		return
	}
	ast.Patch(node, &ast.ConstantNode{Value: num{d, true}})
}

// use notes a name; those that begin with a sign are the language's own.
func (g *guard) use(n *ast.IdentifierNode) {
	if strings.HasPrefix(n.Value, "_") || strings.HasPrefix(n.Value, "$") {
		g.refuse(n, n.Value)
	}
	if _, known := g.env[n.Value]; known && !slices.Contains(g.uses, n.Value) {
		g.uses = append(g.uses, n.Value)
	}
}

func (g *guard) unary(node *ast.Node, n *ast.UnaryNode) {
	switch n.Operator {
	case "-":
		ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: negateName}, Arguments: []ast.Node{n.Node}})
	case "not", "!":
	default:
		g.refuse(n, n.Operator)
	}
}

func (g *guard) call(node *ast.Node, n *ast.CallNode) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || words[name.Value] == nil && name.Value != "today" {
		g.refuse(n, n.Callee.String())
		return
	}
	if name.Value == "today" && len(n.Arguments) == 0 {
		g.volatile = true
		ast.Patch(node, &ast.IdentifierNode{Value: todayName})
	}
}

func (g *guard) refuse(n ast.Node, name string) {
	if g.err == nil {
		at := n.Location()
		g.err = &FormulaError{Code: "not_allowed", From: at.From, To: max(at.To, at.From+1), Name: name}
	}
}

// takes reports whether args are what form, a pointer to a function, takes.
func takes(form any, args []any) bool {
	t := reflect.TypeOf(form).Elem()
	if t.NumIn() != len(args) {
		return false
	}
	for i, a := range args {
		if reflect.TypeOf(a) != t.In(i) {
			return false
		}
	}
	return true
}

// run computes f. Of a formula that comes to nothing the second result says why,
// in one word; an empty text without a reason is an empty value.
func (f *formula) run(env map[string]any, decimals int) (value, reason string) {
	out, err := expr.Run(f.program, env)
	if err != nil {
		return "", reasonOf(err)
	}
	switch v := out.(type) {
	case num:
		if !v.ok {
			return "", ""
		}
		d := v.d.Round(int32(decimals))
		if d.Abs().GreaterThanOrEqual(endLimit) {
			return "", errTooLarge.Error()
		}
		return d.String(), ""
	case day:
		return v.String(), ""
	case string:
		if utf8.RuneCountInString(v) > longestText {
			return "", errTooLong.Error()
		}
		return v, ""
	}
	return "", "failed"
}

func reasonOf(err error) string {
	for _, known := range []error{errDivision, errTooLarge, errNoDate, errTooLong} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "failed"
}

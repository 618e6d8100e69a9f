import { describe, expect, test } from 'bun:test'
import { parseEnvFile } from '../../src/config/env-file.ts'

/** How a file refers to a value further up. */
const ref = (name: string) => `$\{${name}}`

const parse = (text: string) => parseEnvFile(text, '/etc/env')
const valueIn = (line: string) => parse(line).values.get('A')

describe('refused, and never repeated', () => {
  const refusals: readonly [text: string, problem: string][] = [
    ['hunter2', '/etc/env line 1 is not KEY=value.'],
    ['\n\n=hunter2', '/etc/env line 3 is not KEY=value.'],
    ['A B=hunter2', '/etc/env line 1 is not KEY=value.'],
    ['1A=hunter2', '/etc/env line 1 is not KEY=value.'],
    ['A="hunter2', '/etc/env line 1 opens a quote that nothing closes.'],
    ["A='hunter2' more", '/etc/env line 1 has text after its quotes.'],
    ['A="hunter2\nmore"x', '/etc/env line 1 has text after its quotes.'],
  ]
  test.each(refusals)('%j', (text, problem) => {
    const { values, problems } = parse(text)
    expect(problems).toEqual([problem])
    expect(values.size).toBe(0)
  })

  test('a name set twice gets a warning, and the last one counts', () => {
    const { values, warnings } = parse('A=1\nA=2')
    expect(values.get('A')).toBe('2')
    expect(warnings).toEqual(['/etc/env sets A more than once; the last one counts.'])
  })
})

describe('read', () => {
  const lines: readonly [line: string, value: string][] = [
    ['A=b', 'b'],
    ['  export A = b  ', 'b'],
    ['A=', ''],
    ['A= # nothing', ''],
    ['A=b # a comment', 'b'],
    ['A=b\t#c', 'b'],
    ['A=b#c', 'b#c'],
    ['A=#b', '#b'],
    ['A=two words', 'two words'],
    ['A="b # c" # d', 'b # c'],
    ['A="b"   ', 'b'],
    [String.raw`A="a\"b\\c\nd\$e\q"`, 'a"b\\c\nd$e\\q'],
    [String.raw`A="ends with \\"`, 'ends with \\'],
    [`A='a\\"b ${ref('A')}'`, `a\\"b ${ref('A')}`],
    ['A="two\nlines"', 'two\nlines'],
    ['A=b=c', 'b=c'],
    ['\uFEFFA=b', 'b'],
    ['# A=c\r\nA=b\r\n', 'b'],
    ['A=a\\b', 'a\\b'],
  ]
  test.each(lines)('%j', (line, value) => {
    expect(parse(line).problems).toEqual([])
    expect(valueIn(line)).toBe(value)
  })

  test('a reference stands for a value further up, once', () => {
    expect(valueIn(`APP_NAME="My $phones\\n"\nA="${ref('APP_NAME')}!"`)).toBe('My $phones\n!')
    expect(valueIn(`B=1\nA=${ref('B')}${ref('C')}`)).toBe(`1${ref('C')}`)
    expect(valueIn(`B='\\n${ref('C')}'\nC=x\nA="${ref('B')}"`)).toBe(`\\n${ref('C')}`)
  })

  test('the next line is a line of its own', () => {
    expect([...parse('A="x\ny"\nB=\'z\'\nC=1').values]).toEqual([
      ['A', 'x\ny'],
      ['B', 'z'],
      ['C', '1'],
    ])
  })
})

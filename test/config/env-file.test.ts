import { describe, expect, test } from 'bun:test'
import { parseEnvFile, withValues } from '../../src/config/env-file.ts'

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

describe('values are written into a file', () => {
  const written = (text: string, changes: Record<string, string | null>) =>
    withValues(text, new Map(Object.entries(changes)))

  test('every other line stays as it is', () => {
    const text = '# ours\nAPP_KEY=base64:x # keep\n\n  export LISTEN = "old"\nB=\'two\nlines\'\n'
    expect(written(text, { LISTEN: '0.0.0.0:8080', C: '1' })).toBe(
      "# ours\nAPP_KEY=base64:x # keep\n\nLISTEN=0.0.0.0:8080\nB='two\nlines'\nC=1\n",
    )
  })

  test('null takes a line away, and of several the last one counts', () => {
    expect(written('A=1\nB=1\nA=2\n', { A: '3', B: null, C: null })).toBe('A=3\n')
    expect(written('B=1', { A: '3' })).toBe('B=1\nA=3\n')
    expect(written('', { A: '3' })).toBe('A=3\n')
  })

  test.each(['', 'plain', '/a b', '# no comment', "it's", '"', '\\', '$' + '{HOME}', 'two\nlines', '\\n', '  '])(
    '%j is read again as it was',
    (value) => {
      expect(parseEnvFile(written('', { A: value }), 'env').values.get('A')).toBe(value)
    },
  )
})

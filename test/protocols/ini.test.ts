import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type IniDocument, MANAGED_KEYS, managedKeysIn, parseIni } from '../../src/protocols/ini.ts'

const plain = ({ sections }: IniDocument): [string, [string, string][]][] =>
  sections.map(({ name, entries }) => [name, entries.map(({ key, value }) => [key, value])])

describe('a text has a problem', () => {
  for (const [why, text, line, problem] of [
    ['when it is empty', '', 1, 'no_entries'],
    ['when it holds only comments', '; nothing\n# here', 2, 'no_entries'],
    ['when it holds only a section', '[ui]', 1, 'no_entries'],
    ['when a key comes before the first section', 'a=1\n[ui]\nb=2', 1, 'key_before_section'],
    ['when a section never closes', '[ui]\na=1\n[misc', 3, 'syntax'],
    ['when a section has no name', '[]\n[ui]\na=1', 1, 'syntax'],
    ['when text follows a section', '[ui] x\n[ui]\na=1', 1, 'syntax'],
    ['when a line has no equals sign', '[ui]\na=1\nnonsense', 3, 'syntax'],
    ['when a key has no name', '[ui]\na=1\n=x', 3, 'syntax'],
    ['when a list has no name', '[ui]\na=1\n[]=x', 3, 'syntax'],
    ['when a double quote never closes', '[ui]\na=1\nb="open', 3, 'syntax'],
    ['when a single quote never closes', "[ui]\na=1\nb='open", 3, 'syntax'],
  ] as const)
    test(why, () => expect(parseIni(text).problems).toEqual([{ line, problem }]))

  test('for each line, and the rest is still read', () => {
    const parsed = parseIni('x=1\n[ui]\n?\na=1\n!\n')
    expect(parsed.problems.map(({ line }) => line)).toEqual([1, 3, 5])
    expect(plain(parsed)).toEqual([['ui', [['a', '1']]]])
  })
})

describe('a value', () => {
  for (const [how, written, value] of [
    ['true is 1', 'true', '1'],
    ['On is 1', 'On', '1'],
    ['YES is 1', 'YES', '1'],
    ['false is empty', 'false', ''],
    ['off is empty', 'off', ''],
    ['No is empty', 'No', ''],
    ['none is empty', 'none', ''],
    ['NULL is empty', 'NULL', ''],
    ['with a word inside stays', 'nothing', 'nothing'],
    ['in double quotes is literal', '"true"', 'true'],
    ['in single quotes is literal', "'off'", 'off'],
    ['in quotes keeps blanks and semicolons', '" a ; b "', ' a ; b '],
    ['in single quotes keeps double ones', `'"Bob" <sip:b@x.org>'`, '"Bob" <sip:b@x.org>'],
    ['in quotes may be empty', '""', ''],
    ['in quotes may have a comment behind', '"a" ; why', 'a'],
    ['that only starts with quotes stays whole', '"Bob" <sip:b@x.org;lr> ; why', '"Bob" <sip:b@x.org;lr>'],
    ['that is a SIP URI keeps its parameters', '<sip:a@b;transport=tls>', '<sip:a@b;transport=tls>'],
    ['loses a comment behind a blank', 'a ; why', 'a'],
    ['loses a comment behind a tab', 'a\t;why', 'a'],
    ['may be a comment only', ' ; why', ''],
    ['that starts with a semicolon stays', ';x', ';x'],
    ['with a hash stays', 'a # b', 'a # b'],
    ['that is a URL stays', 'https://x.org/?a=1&b=~2', 'https://x.org/?a=1&b=~2'],
    ['with a variable is not expanded', '$' + '{HOME}', '$' + '{HOME}'],
    ['with operators is not evaluated', '1|2', '1|2'],
    ['in brackets stays', '(x)', '(x)'],
    ['with backslashes stays', 'C:\\new', 'C:\\new'],
    ['may be empty', '', ''],
    ['of another script stays', 'é 李 📞', 'é 李 📞'],
  ] as const)
    test(how, () => expect(plain(parseIni(`[s]\nk=${written}`))).toEqual([['s', [['k', value]]]]))
})

describe('a text', () => {
  test('is read with CRLF, a byte order mark, blanks and comments', () =>
    expect(parseIni('\ufeff; top\r\n [ ui ] ; comment\r\n\r\n # no\r\n a = 1 \r\n')).toEqual({
      sections: [{ name: 'ui', entries: [{ key: 'a', value: '1', line: 5 }] }],
      problems: [],
    }))

  test('is read with old Macintosh line ends', () =>
    expect(plain(parseIni('[s]\ra=1\rb=2'))).toEqual([['s', [['a', '1'], ['b', '2']]]])) // biome-ignore format: one line

  test('merges sections and keys: first place, last value, last line', () =>
    expect(parseIni('[b]\nx=1\ny=2\n[a]\nz=3\n[b]\nx=4').sections).toEqual([
      {
        name: 'b',
        entries: [
          { key: 'x', value: '4', line: 7 },
          { key: 'y', value: '2', line: 3 },
        ],
      },
      { name: 'a', entries: [{ key: 'z', value: '3', line: 5 }] },
    ]))

  test('takes a list for one key, whose last value wins', () =>
    expect(plain(parseIni('[s]\nk[]=1\nk[]=2'))).toEqual([['s', [['k', '2']]]]))

  test('may use the names of an object', () =>
    expect(plain(parseIni('[__proto__]\nconstructor=x'))).toEqual([['__proto__', [['constructor', 'x']]]]))

  test('never makes the reader throw', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '=', ';', '#', '"', "'", '\n', '\r', ' ', 'a'), maxLength: 40 }),
        (text) => {
          const { sections, problems } = parseIni(text)
          expect(sections.some(({ entries }) => entries.length > 0) || problems.length > 0).toBeTrue()
        },
      ),
      { numRuns: 2000 },
    ))

  test('gives back any value in single quotes that has none', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((value) => !/['\n\r]/.test(value)),
        (value) => expect(plain(parseIni(`[s]\nk='${value}'`))).toEqual([['s', [['k', value]]]]),
      ),
    ))
})

describe('platform-managed keys', () => {
  test('are sixteen', () => expect(MANAGED_KEYS.size).toBe(16))

  test('are found in any section, once, in the order of the text', () =>
    expect(managedKeysIn(parseIni('[x]\nmax_account=1\na=1\n[ui]\naccount_realm=r\nmax_account=2'))).toEqual([
      'max_account',
      'account_realm',
    ]))

  test('are found behind brackets, too', () =>
    expect(managedKeysIn(parseIni('[x]\nmax_account[]=1'))).toEqual(['max_account']))

  test('are not found in values and section names', () =>
    expect(managedKeysIn(parseIni('[max_account]\na=hide_settings'))).toEqual([]))
})

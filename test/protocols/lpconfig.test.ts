import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { ConfigDocument, type ConfigValue, toXml } from '../../src/protocols/lpconfig.ts'

const OPEN = '<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">'

/** The document of one entry, as it is written. */
function entry(value: ConfigValue, key = 'k'): string {
  const document = new ConfigDocument()
  document.section('s').set(key, value)
  const xml = toXml(document, { overwriteAll: false })
  const before = `${OPEN}<section name="s">`
  expect(xml).toStartWith(before)
  expect(xml).toEndWith('</section></config>')
  return xml.slice(before.length, -'</section></config>'.length)
}

describe('a value', () => {
  for (const [how, value, written] of [
    ['with markup is escaped', '"Bob & co" <sip:b@x.org>', '>"Bob &amp; co" &lt;sip:b@x.org&gt;</entry>'],
    ['with an entity is not taken for one', 'a&amp;b', '>a&amp;amp;b</entry>'],
    ['with CDATA end is escaped', ']]>', '>]]&gt;</entry>'],
    ['with controls loses them', 'a\0b\x08c\x1fd', '>abcd</entry>'],
    ['with lone surrogates loses them', 'a\ud800b\udc00c\udfff\ud800', '>abc</entry>'],
    ['with surrogates the wrong way round loses both', '\udc00\ud800', '/>'],
    ['with noncharacters loses them', 'a\ufffeb\uffffc', '>abc</entry>'],
    ['with astral characters keeps them', '📞 𝄞', '>📞 𝄞</entry>'],
    ['keeps a carriage return alive', 'a\r\nb', '>a&#13;\nb</entry>'],
    ['keeps tabs and apostrophes', "O'Néill\t李", ">O'Néill\t李</entry>"],
    ['of only illegal characters is empty', '\0\ufffe', '/>'],
    ['that is empty is an empty element', '', '/>'],
    ['null is an empty element', null, '/>'],
    ['true is 1', true, '>1</entry>'],
    ['false is 0', false, '>0</entry>'],
    ['zero is 0', 0, '>0</entry>'],
    ['of a number is its digits', 500, '>500</entry>'],
  ] as const)
    test(how, () => expect(entry(value)).toBe(`<entry name="k"${written}`))

  test('has a key whose quotes, tabs and line breaks are escaped', () =>
    expect(entry('v', 'a"b\tc\nd\re<&>\0')).toBe('<entry name="a&quot;b&#9;c&#10;d&#13;e&lt;&amp;&gt;">v</entry>'))
})

describe('a document', () => {
  test('without sections is empty', () =>
    expect(toXml(new ConfigDocument(), { overwriteAll: false })).toBe(`${OPEN}</config>`))

  test('keeps a section without entries', () => {
    const document = new ConfigDocument()
    document.section('ui')
    expect(document.has('ui')).toBeTrue()
    expect(document.has('misc')).toBeFalse()
    expect(toXml(document, { overwriteAll: true })).toBe(`${OPEN}<section name="ui"/></config>`)
  })

  test('keeps sections and keys in their first place, with their last value', () => {
    const document = new ConfigDocument()
    document.section('b').set('x', 1).set('y', 2)
    document.section('a').set('z', 3)
    document.section('b').set('x', 4).set('w', 5)
    expect(toXml(document, { overwriteAll: false })).toBe(
      `${OPEN}<section name="b"><entry name="x">4</entry><entry name="y">2</entry><entry name="w">5</entry></section>` +
        '<section name="a"><entry name="z">3</entry></section></config>',
    )
  })

  test('sets a key only if nobody did', () => {
    const section = new ConfigDocument().section('proxy_0').set('refkey', null).setIfAbsent('refkey', 'x')
    expect(section.setIfAbsent('reg_sendregister', true).has('reg_sendregister')).toBeTrue()
    expect([...section.entries.values()].map(({ value }) => value)).toEqual([null, true])
  })

  test('marks the entries that overwrite, and every one when told', () => {
    const document = new ConfigDocument()
    document.section('s').set('a', 1, { overwrite: true }).set('b', null).set('c', 1, { overwrite: true }).set('c', 2)
    const inner = (marks: readonly string[]) =>
      `${OPEN}<section name="s"><entry name="a"${marks[0]}>1</entry><entry name="b"${marks[1]}/><entry name="c"${marks[2]}>2</entry></section></config>`
    const mark = ' overwrite="true"'
    expect(toXml(document, { overwriteAll: false })).toBe(inner([mark, '', '']))
    expect(toXml(document, { overwriteAll: true })).toBe(inner([mark, mark, mark]))
    document.section('s').set('b', null, { overwrite: 'never' })
    expect(toXml(document, { overwriteAll: false })).toBe(inner([mark, '', '']))
    expect(toXml(document, { overwriteAll: true })).toBe(inner([mark, '', mark]))
  })

  test('gives back whatever was put in, but for what XML cannot hold', () => {
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      processEntities: { enabled: true, maxTotalExpansions: 1e6, maxExpandedLength: 1e7 },
      htmlEntities: true,
    })
    type Node = { config?: Node[]; section?: Node[]; entry?: Node[]; '#text'?: string; ':@'?: { '@_name': string } }

    const unit = fc.oneof(
      fc.constantFrom(
        '&',
        '<',
        '>',
        '"',
        "'",
        '\r',
        '\n',
        '\t',
        '\0',
        ']]>',
        '\ud800',
        '\udfff',
        '\ufffe',
        '&amp;',
        '&#13;',
      ),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    )
    const text = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''))

    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 6 }), (triples) => {
        const document = new ConfigDocument()
        for (const [section, key, value] of triples) document.section(section).set(key, value)
        const root = (parser.parse(toXml(document, { overwriteAll: false })) as Node[])[0]!.config!
        const read = root.map((section) => [
          section[':@']!['@_name'],
          section.section!.map(({ ':@': attributes, entry }) => [
            attributes!['@_name'],
            entry!.map((node) => node['#text']).join(''),
          ]),
        ])
        const put = Array.from(document.sections, ([section, { entries }]) => [
          legal(section),
          Array.from(entries, ([key, { value }]) => [legal(key), legal(String(value))]),
        ])
        expect(read).toEqual(put)
      }),
      { numRuns: 500 },
    )
  })
})

/** XML 1.0 §2.2, production [2] Char. */
const legal = (text: string): string =>
  text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')

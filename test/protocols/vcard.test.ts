import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import ICAL from 'ical.js'
import { readCard, textValue, vcard, withCrlf } from '../../src/protocols/vcard.ts'

const octets = (line: string) => Buffer.byteLength(line)

/** Of one card, as a foreign library reads it. */
const readValue = (card: string, property: string) =>
  new ICAL.Component(ICAL.parse(card)).getFirstPropertyValue(property)

/** What was stored, or what was wrong with it. */
const stored = (text: string) => {
  const card = readCard(text)
  return 'problem' in card ? card.problem : card.text
}
const card = (...lines: string[]) =>
  ['BEGIN:VCARD', 'VERSION:4.0', 'FN:Erin', 'UID:1', ...lines, 'END:VCARD'].join('\n')

/** Text of people, with what a vCard could stumble over. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom('\\', ',', ';', ':', '"', '\n', '\r', ' ', 'é', '🙂', 'n', '=', 'ß'),
    maxLength: 200,
  }),
)

describe('a card of ours', () => {
  test('is RFC 6350: version first, every line with CRLF', () => {
    expect(
      vcard([
        ['KIND', 'individual'],
        ['FN', 'Erin'],
      ]),
    ).toBe('BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:individual\r\nFN:Erin\r\nEND:VCARD\r\n')
  })

  for (const [what, text, written] of [
    ['a comma', 'Doe, Erin', 'Doe\\, Erin'],
    ['a backslash', 'a\\b', 'a\\\\b'],
    ['a backslash before an n', 'a\\n', 'a\\\\n'],
    ['line ends of three kinds', 'a\nb\r\nc\rd', 'a\\nb\\nc\\nd'],
    // RFC 6350 §3.4 lets us; a real Linphone 5.1 drops the whole list when it is escaped.
    ['a semicolon, which stays', 'a;b', 'a;b'],
    ['quotes and colons, which stay', '"a": b', '"a": b'],
  ] as const) {
    test(`escapes ${what}`, () => {
      expect(textValue(text)).toBe(written)
    })
  }

  test('lets nobody add a property through a name', () => {
    const attack = 'Erin\r\nTEL:+15550100\nEND:VCARD\u0085\u2028\u0000\u0007'
    const written = vcard([['FN', textValue(attack)]])
    expect(written.split('\r\n')).toHaveLength(5)
    expect(written).toContain('FN:Erin\\nTEL:+15550100\\nEND:VCARD\u2028\r\n')
    // Not even where the writer of a value forgot to escape it.
    expect(vcard([['X-A', 'a\r\nTEL:1']]).split('\r\n')).toHaveLength(5)
  })

  test('folds at 75 octets, never inside a character', () => {
    const line = (value: string) =>
      vcard([['FN', value]])
        .split('\r\n')
        .slice(2, -2)
    expect(line('a'.repeat(72))).toEqual([`FN:${'a'.repeat(72)}`])
    expect(line('a'.repeat(73))).toEqual([`FN:${'a'.repeat(72)}`, ' a'])
    expect(line(`${'a'.repeat(71)}é`)).toEqual([`FN:${'a'.repeat(71)}`, ' é'])
    expect(line(`${'a'.repeat(69)}🙂b`)).toEqual([`FN:${'a'.repeat(69)}`, ' 🙂b'])
    expect(line('a'.repeat(72 + 74 + 1)).map(octets)).toEqual([75, 75, 2])
  })

  test('is read back by a foreign library, whatever the name', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = vcard([
          ['KIND', 'individual'],
          ['FN', textValue(`x${text}`)],
        ])
        for (const line of written.split('\r\n')) expect(octets(line)).toBeLessThanOrEqual(75)
        expect(Buffer.from(written).toString()).toBe(written)
        const said = `x${text}`.replace(/\r\n|\r|\n/g, '\n').replace(/(?!\n)\p{Cc}/gu, '')
        expect(readValue(written, 'fn')).toBe(said)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a card to be stored is refused', () => {
  for (const [problem, what, text] of [
    ['syntax', 'that is empty', ''],
    ['syntax', 'that is anything else', 'hello'],
    ['syntax', 'that only begins', 'BEGIN:VCARD'],
    ['syntax', 'without an end', card().replace('\nEND:VCARD', '')],
    ['syntax', 'without a beginning', card().replace('BEGIN:VCARD\n', '')],
    ['syntax', 'with a second card after it', `${card()}\n${card()}`],
    ['syntax', 'with text after it', `${card()}\nhello`],
    ['syntax', 'with another card inside', card('BEGIN:VCARD', 'END:VCARD')],
    ['syntax', 'with a line that is no property', card('hello')],
    ['syntax', 'with a name that is none', card('NÖTE:x')],
    ['syntax', 'with an open quote', card('TEL;TYPE="home:1')],
    ['syntax', 'that is a calendar', card().replaceAll('VCARD', 'VCALENDAR')],
    ['version', 'of no version', card().replace('VERSION:4.0\n', '')],
    ['version', 'of an unknown version', card().replace('4.0', '5.0')],
    ['version', 'of two versions', card('VERSION:3.0')],
    ['fn', 'without FN', card().replace('FN:Erin\n', '')],
    ['fn', 'with two FN', card('FN:Erin')],
    ['fn', 'with a second FN in lower case and a group', card('item1.fn:Erin')],
    ['uid', 'without UID', card().replace('UID:1\n', '')],
    ['uid', 'with an empty UID', card().replace('UID:1', 'UID: ')],
    ['uid', 'with two UID', card('UID:2')],
    ['uid', 'with a UID of 256 characters', card().replace('UID:1', `UID:${'é'.repeat(256)}`)],
    ['repeated', 'with two N', card('N:a', 'n:b')],
    ...['BDAY', 'ANNIVERSARY', 'GENDER', 'KIND', 'PRODID', 'REV'].map(
      (name) => ['repeated', `with two ${name}`, card(`${name}:a`, `${name}:b`)] as const,
    ),
  ] as const) {
    test(what, () => {
      expect(stored(text)).toBe(problem)
    })
  }
})

describe('a card is stored', () => {
  test('with VERSION first, names in capitals, and one LF at the end', () => {
    const text =
      '\n begin:vcard\r\nuid:urn:uuid:1\r\nFn:Erin\r\nitem1.tel;type=home;Pref=1:+1\r\nversion:4.0\r\nX-abc:q\r\nend:vcard '
    expect(readCard(text)).toEqual({
      uid: 'urn:uuid:1',
      text: 'BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:1\nFN:Erin\nitem1.TEL;TYPE=home;PREF=1:+1\nX-ABC:q\nEND:VCARD\n',
    })
  })

  test('with its values as they are', () => {
    for (const line of [
      'N:Doe;Erin;;;',
      'NOTE:a\\, b\\; c\\\\ d\\n e: "f" = g',
      'TEL;VALUE=uri;TYPE="voice,home":tel:+1-555',
      'X-A;LABEL="a;b=c:d":e',
      'ADR;LABEL="1 Main St.\\nBoston":;;;;;;',
      'X-UNDER_SCORE:1',
      'NOTE:\ttab',
      'NOTE:',
    ]) {
      expect([line, stored(card(line))]).toEqual([line, `${card(line)}\n`])
    }
  })

  test('of version 2.1 with parameters that have no name, and with soft line breaks', () => {
    const text = card('TEL;HOME;VOICE:1', 'NOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9=\n et th=C3=A9=\nchaud').replace(
      '4.0',
      '2.1',
    )
    expect(stored(text)).toBe(
      'BEGIN:VCARD\nVERSION:2.1\nFN:Erin\nUID:1\nTEL;HOME;VOICE:1\nNOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9=et th=C3=A9chaud\nEND:VCARD\n',
    )
  })

  test('folded anew at 75 octets, wherever it was folded before', () => {
    const note = `NOTE:${'é'.repeat(100)}`
    const folded = `NOTE:${'é'.repeat(35)}\n ${'é'.repeat(37)}\n ${'é'.repeat(28)}`
    expect(stored(card(note))).toBe(`${card(folded)}\n`)
    expect(stored(card(note.replace('ééé', 'é\r\n é\r\n\té')))).toBe(`${card(folded)}\n`)
  })

  test('without control characters and empty lines', () => {
    expect(stored(card('NO\u0000TE:a\u0007b\u0085c', '', 'TEL:1'))).toBe(`${card('NOTE:abc', 'TEL:1')}\n`)
  })

  test('under a UID of 255 characters', () => {
    const uid = '🙂'.repeat(255)
    expect(readCard(card().replace('UID:1', `UID:${uid}`))).toMatchObject({ uid })
  })

  test('in a form that is stored again as it is, and that a foreign library reads', () => {
    const property = fc
      .tuple(fc.constantFrom('NOTE', 'note', 'X-A', 'item1.X-B', 'TITLE;LANGUAGE=en', 'NICKNAME;type="a;b:c"'), anyText)
      .map(([name, value]) => `${name}:${textValue(value).trim()}x`)
    fc.assert(
      fc.property(fc.array(property, { maxLength: 8 }), (lines) => {
        const once = stored(card(...lines))
        expect(once).toStartWith('BEGIN:VCARD\nVERSION:4.0\n')
        expect(stored(once)).toBe(once)
        expect(stored(withCrlf(once))).toBe(once)
        for (const line of once.split('\n')) expect(octets(line)).toBeLessThanOrEqual(75)
        expect(readValue(withCrlf(once), 'fn')).toBe('Erin')
      }),
      { numRuns: 300 },
    )
  })
})

test('nothing is thrown at whoever sends anything at all', () => {
  const piece = fc.constantFrom(
    'BEGIN:VCARD',
    'END:VCARD',
    'VERSION:4.0',
    'FN:a',
    'UID:1',
    '\n',
    '\r',
    ' ',
    ';',
    '"',
    ':',
    '=',
    'x',
    'QUOTED-PRINTABLE',
    '.',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const once = readCard(pieces.join(''))
      if ('text' in once) expect(readCard(once.text)).toEqual(once)
    }),
    { numRuns: 1000 },
  )
})

test('64 KiB of the worst are read in no time', () => {
  const size = 65_000
  const many = (text: string) => text.repeat(Math.floor(size / text.length))
  const worst = {
    quotes: card(`X;A=${many('"')}`),
    'quoted pairs': card(`X${many(';a="b"')}`),
    semicolons: card(`X${many(';')}`),
    names: card(many('a.')),
    dots: card(many('a')),
    folds: card(`X:${many('\n ')}`),
    'soft breaks': card(`X;QUOTED-PRINTABLE:${many('=\n')}`),
    'quoted-printables': card(many(';QUOTED-PRINTABLE')),
    lines: card(many('A:\n')),
    'long value': card(`X:${many('é')}`),
    backslashes: card(`X:${many('\\')}`),
    blanks: `${many(' ')}x`,
  }
  for (const [what, text] of Object.entries(worst)) {
    const before = process.cpuUsage()
    readCard(text)
    // Of work, whatever else the machine does meanwhile.
    const { user } = process.cpuUsage(before)
    expect([what, user / 1000 < 500]).toEqual([what, true])
  }
})

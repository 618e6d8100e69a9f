import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  isDomain,
  isIpAddress,
  isSipUri,
  nameAddr,
  parseAddressOfRecord,
  parseSipAddress,
  sipUri,
} from '../../src/protocols/sip-address.ts'

describe('a From header is refused when it', () => {
  for (const [why, text] of [
    ['is empty', ''],
    ['is only blanks', '  '],
    ['has no scheme', 'alice@example.org'],
    ['is a tel URI', 'tel:+33612345678'],
    ['is a mailto URI', 'mailto:alice@example.org'],
    ['has a scheme that only starts like ours', 'sipx:alice@example.org'],
    ['has no user', 'sip:example.org'],
    ['has an empty user', 'sip:@example.org'],
    ['has only a password', 'sip::secret@example.org'],
    ['has no host', 'sip:alice@'],
    ['has an empty host before a port', 'sip:alice@:5060'],
    ['has a blank in the user', 'sip:al ice@example.org'],
    ['has a blank before the host', 'sip:alice@ example.org'],
    ['has two hosts', 'sip:alice@example.org@evil.org'],
    ['has a host with an underscore', 'sip:alice@exa_mple.org'],
    ['has a label that starts with a dash', 'sip:alice@-example.org'],
    ['has a label that ends with a dash', 'sip:alice@example-.org'],
    ['has an empty label', 'sip:alice@example..org'],
    ['has an impossible IPv4 address', 'sip:alice@999.1.1.1'],
    ['has an IPv6 address without brackets', 'sip:alice@2001:db8::1'],
    ['has an open bracket', 'sip:alice@[2001:db8::1'],
    ['has something behind a bracket', 'sip:alice@[2001:db8::1]x'],
    ['has a port that is no number', 'sip:alice@example.org:sip'],
    ['has an empty port', 'sip:alice@example.org:'],
    ['has a port that does not exist', 'sip:alice@example.org:65536'],
    ['has a path', 'sip:alice@example.org/alice'],
    ['never closes its angle bracket', '<sip:alice@example.org'],
    ['only closes an angle bracket', 'sip:alice@example.org>'],
    ['never closes its display name', '"Alice <sip:alice@example.org>'],
    ['has text between name and address', '"Alice" or <sip:alice@example.org>'],
    ['has text behind its address', '<sip:alice@example.org> tag=1'],
    ['names two people', '<sip:alice@example.org>, <sip:bob@example.org>'],
    ['has a broken escape', 'sip:al%zzice@example.org'],
    ['has half an escape', 'sip:alice%4@example.org'],
    ['escapes what is not UTF-8', 'sip:%ff@example.org'],
    ['hides a NUL in an escape', 'sip:al%00ice@example.org'],
    ['hides a line break in an escape', 'sip:alice%0d%0aX: y@example.org'],
    ['hides a line break in an encoded header', 'sip%3Aalice%0d%0a%40example.org'],
    ['hides a C1 control', 'sip:al%C2%9Bice@example.org'],
    ['holds a NUL', 'sip:al\0ice@example.org'],
    ['is longer than 512 characters', `sip:${'a'.repeat(500)}@example.org`],
    ['is encoded twice', 'sip%253Aalice%2540example.org'],
  ] as const)
    test(why, () => expect(parseSipAddress(text)).toBeNull())
})

describe('a From header is read when it', () => {
  for (const [how, text, user, host, scheme] of [
    ['is a SIP URI', 'sip:alice@example.org', 'alice', 'example.org', 'sip'],
    ['is a SIPS URI', 'sips:alice@example.org', 'alice', 'example.org', 'sips'],
    ['shouts', 'SIP:alice@EXAMPLE.org', 'alice', 'example.org', 'sip'],
    ['has an upper-case user, which stays', 'sip:Alice@example.org', 'Alice', 'example.org', 'sip'],
    ['has blanks around it', ' \tsip:alice@example.org ', 'alice', 'example.org', 'sip'],
    ['has a port', 'sip:alice@example.org:5060', 'alice', 'example.org', 'sip'],
    ['has a password', 'sip:alice:secret@example.org', 'alice', 'example.org', 'sip'],
    ['has header parameters', 'sip:alice@example.org;tag=1;x="<a>"', 'alice', 'example.org', 'sip'],
    ['has a blank before its parameters', 'sip:alice@example.org ;tag=1', 'alice', 'example.org', 'sip'],
    ['has headers', 'sip:alice@example.org?subject=hi', 'alice', 'example.org', 'sip'],
    ['is in angle brackets', '<sip:alice@example.org>', 'alice', 'example.org', 'sip'],
    ['has a display name', '"A; b" <sip:u@h.org;x>;tag=1', 'u', 'h.org', 'sip'],
    ['has a display name of tokens', 'Alice Liddell <sip:alice@example.org>', 'alice', 'example.org', 'sip'],
    ['has quotes in the display name', '"A \\"<b>\\" \\\\" <sip:a@example.org>', 'a', 'example.org', 'sip'],
    ['has no blank behind the name', '"A"<sips:a@example.org:5061>', 'a', 'example.org', 'sips'],
    ['has a semicolon in the user', '<sip:a;b@example.org>', 'a;b', 'example.org', 'sip'],
    ['names a phone number', 'sip:+33612345678@example.org', '+33612345678', 'example.org', 'sip'],
    ['escapes the user', 'sip:al%69ce%40home@example.org', 'alice@home', 'example.org', 'sip'],
    ['is encoded as a whole', 'sip%3Auser%40host', 'user', 'host', 'sip'],
    ['is encoded as a whole with a name', '%22A%22%20%3Csip%3Au%40h.org%3E', 'u', 'h.org', 'sip'],
    ['encodes only the at sign', 'sip:alice%40example.org', 'alice', 'example.org', 'sip'],
    ['has an IPv4 host', 'sip:alice@192.0.2.1', 'alice', '192.0.2.1', 'sip'],
    ['has an IPv6 host', 'sip:alice@[2001:DB8::1]:5060', 'alice', '[2001:db8::1]', 'sip'],
    ['has UTF-8 in the user', 'sip:émile@example.org', 'émile', 'example.org', 'sip'],
    ['has that UTF-8 a byte a character', 'sip:\u00c3\u00a9mile@example.org', 'émile', 'example.org', 'sip'],
  ] as const)
    test(how, () => expect(parseSipAddress(text)).toEqual({ scheme, user, host }))

  test('was encoded once: what was escaped before stays escaped', () =>
    expect(parseSipAddress('sip%3Aal%2569ce%40example.org')?.user).toBe('al%69ce'))
})

describe('reading a From header', () => {
  const part = fc.string({ unit: 'binary', maxLength: 40 })

  test('never throws and never lets a control character out', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          part,
          fc.tuple(part, part).map(([user, host]) => `sip:${user}@${host}`),
        ),
        (text) => {
          const address = parseSipAddress(text)
          expect(address === null || !/[\x00-\x1f\x7f-\x9f]/.test(address.user + address.host)).toBeTrue()
        },
      ),
    ))

  test('finds any user that was escaped, whatever the display name', () =>
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
          .filter((user) => !/[\x00-\x1f\x7f-\x9f]/.test(user)),
        part,
        (user, name) => {
          const header = nameAddr(name, sipUri(encodeURIComponent(user), 'example.org'))
          expect(parseSipAddress(header)?.user).toBe(user)
        },
      ),
    ))
})

describe('an address of record', () => {
  for (const text of ['', 'alice', '@example.org', 'alice@', 'sip:@example.org', 'sip:alice', 'a\n@b.org', 'a@b\0'])
    test(`is not ${JSON.stringify(text)}`, () => expect(parseAddressOfRecord(text)).toBeNull())

  test('is not longer than 512 characters', () =>
    expect(parseAddressOfRecord(`${'a'.repeat(512)}@example.org`)).toBeNull())

  for (const text of ['alice@example.org', 'sip:alice@example.org', 'SIPS:alice@Example.ORG'])
    test(`is ${text}`, () => expect(parseAddressOfRecord(text)).toEqual({ user: 'alice', domain: 'example.org' }))

  test('is split at the last at sign, because a domain has none', () =>
    expect(parseAddressOfRecord('a@b@example.org')).toEqual({ user: 'a@b', domain: 'example.org' }))

  test('is taken as it is: nothing is decoded again', () =>
    expect(parseAddressOfRecord('al%69ce@example.org')?.user).toBe('al%69ce'))
})

describe('a SIP URI', () => {
  for (const text of [
    '',
    'sip:',
    'sip',
    'alice@example.org',
    'tel:+33612345678',
    ' sip:alice@example.org',
    'sip:alice@example.org ',
    'sip:alice@example.org\n',
    'sip:al ice@example.org',
    'sip:@example.org',
    'sip:alice@',
    'sip:a@b@example.org',
    'sip:a%4@example.org',
    'sip:a:b:c@example.org',
    'sip:al"ice@example.org',
    'sip:émile@example.org',
    'sip:alice@-example.org',
    'sip:alice@example-.org',
    'sip:alice@exa_mple.org',
    'sip:alice@999.1.1.1',
    'sip:alice@192.0.2.01',
    'sip:alice@[2001:db8::1',
    'sip:alice@[2001:db8::g]',
    'sip:alice@[::1%eth0]',
    'sip:alice@example.org:',
    'sip:alice@example.org:70000',
    'sip:alice@example.org;',
    'sip:alice@example.org;=x',
    'sip:alice@example.org;x=',
    'sip:alice@example.org;x=a@b',
    'sip:alice@example.org?',
    'sip:alice@example.org?subject',
    'sip:alice@example.org?a=b&',
    'sip:alice@example.org?a=b;c',
    '<sip:alice@example.org>',
  ])
    test(`is not ${JSON.stringify(text)}`, () => expect(isSipUri(text)).toBeFalse())

  for (const text of [
    'sip:uri',
    'SIP:alice@example.org',
    'sips:alice@example.org:5061',
    'sip:alice@[2001:db8::1]:5060',
    'sip:+33612@ex.org',
    // RFC 3261 §19.1.3
    'sip:alice@atlanta.com',
    'sip:alice:secretword@atlanta.com;transport=tcp',
    'sips:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:+1-212-555-1212:1234@gateway.com;user=phone',
    'sips:1212@gateway.com',
    'sip:alice@192.0.2.4',
    'sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com',
    'sip:alice;day=tuesday@atlanta.com',
    'sip:alice:@example.org',
    'sip:example.org.',
    'sip:h;lr;maddr=[::1]?a=',
  ])
    test(`is ${text}`, () => expect(isSipUri(text)).toBeTrue())
})

describe('a domain', () => {
  for (const text of [
    '',
    'a.b',
    'baddomain',
    'localhost',
    'Example.org',
    'exa_mple.org',
    'example.org:5060',
    'example.org.',
    '.example.org',
    'example..org',
    '-a.example.org',
    'a-.example.org',
    '192.0.2.1',
    '[::1]',
    'example.o',
    'example.x1',
    'example.o-g',
    'exämple.org',
    'example.org\n',
    `${'a'.repeat(64)}.org`,
    `${'abcdefg.'.repeat(32)}org`,
    `example.${'a'.repeat(64)}`,
  ])
    test(`is not ${JSON.stringify(text)}`, () => expect(isDomain(text)).toBeFalse())

  for (const text of [
    'a.bc',
    'example.org',
    'sip.example.co.uk',
    '1.2.de',
    'xn--bcher-kva.example',
    `${'a'.repeat(63)}.org`,
  ])
    test(`is ${text}`, () => expect(isDomain(text)).toBeTrue())

  test('is what the rule says, for anything close to one', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'z', '0', '-', '.', 'A', '_'), maxLength: 12 }), (text) => {
        const rule = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/
        expect(isDomain(text)).toBe(rule.test(text))
      }),
      { numRuns: 2000 },
    ))
})

describe('an IP address', () => {
  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1..3.4',
    '1.2.3.4.',
    '0x1.2.3.4',
    ' 1.2.3.4',
  ])
    test(`is not ${JSON.stringify(text)}`, () => expect(isIpAddress(text)).toBeFalse())

  for (const text of [
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1::2:3:4:5:6:7:8',
    ':1::2',
    '1::2:',
    '12345::',
    'g::',
    '[::1]',
    'fe80::1%eth0',
    '::1.2.3',
    '::1.2.3.4:5',
  ])
    test(`is not ${text}`, () => expect(isIpAddress(text)).toBeFalse())

  for (const text of [
    '0.0.0.0',
    '255.255.255.255',
    '192.0.2.1',
    '::',
    '::1',
    '1::',
    '2001:DB8::1',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::ffff:192.0.2.1',
    '1:2:3:4:5:6:1.2.3.4',
  ])
    test(`is ${text}`, () => expect(isIpAddress(text)).toBeTrue())

  test('is any that fast-check can think of', () =>
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => expect(isIpAddress(text)).toBeTrue())))

  test('is what the platform says for anything close to one', async () => {
    const { isIP } = await import('node:net')
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(':', ':', '::', '1', 'f', 'abcd', '1.2.3.4'), maxLength: 16 }),
        (text) => expect(isIpAddress(text)).toBe(isIP(text) !== 0),
      ),
      { numRuns: 5000 },
    )
  })
})

describe('writing an address', () => {
  test('drops line breaks and controls from a name', () =>
    expect(nameAddr('A\r\nX: y\0\u009b', 'sip:a@b.org')).toBe('"AX: y" <sip:a@b.org>'))

  test('escapes quotes and backslashes', () =>
    expect(nameAddr('say "hi" \\o/', 'sip:a@b.org')).toBe('"say \\"hi\\" \\\\o/" <sip:a@b.org>'))

  test('keeps apostrophes and other scripts', () =>
    expect(nameAddr("O'Néill 李", 'sip:a@b.org')).toBe('"O\'Néill 李" <sip:a@b.org>'))

  for (const name of [null, ''])
    test(`without a name (${name}) is only the URI`, () =>
      expect(nameAddr(name, sipUri('a', 'b.org'))).toBe('<sip:a@b.org>'))
})

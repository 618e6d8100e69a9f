import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseSipContact } from '../../src/protocols/sip-contact.ts'
import { contact } from '../registrar/servers.ts'

const plain = (text: string) => {
  const parsed = parseSipContact(text)
  if (parsed === null) return null
  const [uri, headers, parameters] = [parsed.uriParameters, parsed.uriHeaders, parsed.parameters]
  return {
    uri: Object.fromEntries(uri),
    headers: Object.fromEntries(headers),
    parameters: Object.fromEntries(parameters),
  }
}

describe('a text that is no Contact', () => {
  for (const text of ['', '<', '>', '<sip:a@b', 'sip:a@b;expires=1', '"<sip:a@b>', '><', `<${'x'.repeat(8192)}>`])
    test(`is none: ${text.slice(0, 20)}`, () => expect(parseSipContact(text)).toBeNull())

  test('never throws, whatever it is', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      '\\',
      ';',
      '?',
      '&',
      '=',
      '@',
      '%',
      '%zz',
      '%C3',
      '%00',
      'a',
      '+sip.instance=',
    )
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: piece, maxLength: 40 }))
    fc.assert(
      fc.property(text, (any) => void parseSipContact(any)),
      { numRuns: 5000 },
    )
  })

  test('takes no longer the nastier it is', () => {
    const before = process.cpuUsage()
    for (const unit of ['<', '"', ';', '%41', '&=', '<"', '\\'])
      parseSipContact(`<sip:a@b>;${unit.repeat(8000 / unit.length)}`)
    // Of work, whatever else the machine does meanwhile.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(500)
  })
})

describe('a Contact', () => {
  test('of the registrar is read', () =>
    expect(
      plain(
        '<sip:alice@203.0.113.7:40112;transport=tls;updatedAt=1767225600?user-agent=LinphoneAndroid%2F5.2.5%20%28Pixel%208%29%20LinphoneSDK%2F5.3>;expires=3600;+sip.instance="<urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20>"',
      ),
    ).toEqual({
      uri: { transport: 'tls', updatedat: '1767225600' },
      headers: { 'user-agent': 'LinphoneAndroid/5.2.5 (Pixel 8) LinphoneSDK/5.3' },
      parameters: { expires: '3600', '+sip.instance': '<urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20>' },
    }))

  test('may have a name, no parameters and no user', () => {
    expect(plain('"A <b>; c" <sip:a@b>')).toEqual({ uri: {}, headers: {}, parameters: {} })
    expect(plain('<sip:b;lr?x=1>')).toEqual({ uri: { lr: '' }, headers: { x: '1' }, parameters: {} })
  })

  test('may have separators in its user, in quotes and in brackets', () =>
    expect(plain('<sip:a;x=1?y@b;q="1;2>3?4\\"5"?path=<sip:p;lr>>;n="a;b"; Expires = 7')).toEqual({
      uri: { q: '1;2>3?4"5' },
      headers: { path: '<sip:p;lr>' },
      parameters: { n: 'a;b', expires: '7' },
    }))

  test('keeps what is broken in an escape, and the first of two values', () =>
    expect(plain('<sip:a@b?u=100%&v=%zz%C3%A9%ff&v=2>')).toEqual({
      uri: {},
      headers: { u: '100%', v: '%zzé\ufffd' },
      parameters: {},
    }))

  test('gives back every user agent and every name of a device', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(text, (userAgent) =>
        expect(parseSipContact(contact({ userAgent }))?.uriHeaders.get('user-agent')).toBe(userAgent),
      ),
    )
  })
})

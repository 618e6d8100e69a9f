import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { looksLikePhone, parsePhone, phoneRegions } from '../../src/protocols/e164.ts'

describe('a phone number is refused', () => {
  for (const [why, text] of [
    ['when empty', ''],
    ['when only a plus', '+'],
    ['in national form', '0612121212'],
    ['without its plus', '33612121212'],
    ['with an international prefix', '0033612121212'],
    ['behind a blank', ' +33612121212'],
    ['of no country', '+99912345678'],
    ['too short', '+3361'],
    ['too long', '+336121212121212'],
    ['that France does not have', '+33012345678'],
    ['that Afghanistan does not have', '+93330292505'],
    ['of a film', '+15551234567'],
    ['with an extension', '+33 6 12 12 12 12 ext. 3'],
    ['with an RFC 3966 extension', '+33612121212;ext=3'],
    ['with text behind it', '+33612121212 is mine'],
    ['with letters', '+33ABCDEFGHI'],
    ['with a line break', '+33612121212\n'],
    ['longer than any number', `+33612121212${' '.repeat(64)}`],
    ['that is a SIP address', 'sip:+33612121212@example.org'],
  ] as const)
    test(why, () => expect(parsePhone(text)).toBeNull())
})

describe('a phone number is read', () => {
  for (const [how, text, number, region, callingCode] of [
    ['in E.164', '+33612121212', '+33612121212', 'FR', '33'],
    ['with separators', '+33 (6) 12-12.12 12', '+33612121212', 'FR', '33'],
    ['of the Netherlands', '+31612345678', '+31612345678', 'NL', '31'],
    ['of the United States', '+12025550123', '+12025550123', 'US', '1'],
    ['of Canada, which shares a code', '+16135550123', '+16135550123', 'CA', '1'],
    ['of Guernsey, which shares a code', '+441481960194', '+441481960194', 'GG', '44'],
    ['of the Vatican, which shares a code', '+390669812345', '+390669812345', 'VA', '39'],
    ['of Kosovo', '+38343201234', '+38343201234', 'XK', '383'],
    ['of no country', '+80012345678', '+80012345678', null, '800'],
  ] as const)
    test(how, () => expect(parsePhone(text)).toEqual({ number, region, callingCode }))

  test('and reads the same again', () =>
    fc.assert(
      fc.property(fc.constantFrom(...phoneRegions()), fc.integer({ min: 1e6, max: 1e10 }), ({ callingCode }, rest) => {
        const phone = parsePhone(`+${callingCode}${rest}`)
        if (phone !== null) expect(parsePhone(phone.number)).toEqual(phone)
      }),
      { numRuns: 500 },
    ))

  test('or refused, without throwing', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (parsePhone(`+${text}`) !== null) expect(looksLikePhone(`+${text}`)).toBeTrue()
      }),
    ))
})

describe('a user name', () => {
  for (const text of ['+33612121212', '+33 6 12 12 12 12', '+33012345678', '+31612345678', '+80012345678'])
    test(`looks like a phone: ${text}`, () => expect(looksLikePhone(text)).toBeTrue())

  for (const text of [
    '',
    '+',
    '+a',
    '0612121212',
    '33612121212',
    '+99912345678',
    '+33',
    'alice',
    '+alice',
    '1+33612121212',
  ])
    test(`does not: ${JSON.stringify(text)}`, () => expect(looksLikePhone(text)).toBeFalse())
})

describe('the regions', () => {
  const regions = phoneRegions()
  const sharing = (callingCode: string) =>
    regions.filter((region) => region.callingCode === callingCode).map(({ code }) => code)

  test('are 245, with AC, TA and XK', () => {
    expect(regions).toHaveLength(245)
    expect(regions.filter(({ code }) => ['AC', 'TA', 'XK'].includes(code))).toEqual([
      { code: 'AC', callingCode: '247' },
      { code: 'TA', callingCode: '290' },
      { code: 'XK', callingCode: '383' },
    ])
  })

  test('have no territory without a numbering plan', () =>
    expect(regions.filter(({ code }) => ['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM'].includes(code))).toEqual([]))

  test('are sorted by code, each once', () => {
    const codes = regions.map(({ code }) => code)
    expect(codes).toEqual([...new Set(codes)].toSorted())
  })

  test('share calling codes', () => {
    expect(sharing('1')).toHaveLength(25)
    expect(sharing('44')).toEqual(['GB', 'GG', 'IM', 'JE'])
    expect(sharing('599')).toEqual(['BQ', 'CW'])
  })
})

import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  challenge,
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  type DigestCredentials,
  expectedResponse,
  ha1,
  parseDigestCredentials,
  responseMatches,
} from '../../src/protocols/digest.ts'

/** A response of carol's, parameter by parameter. */
const CAROL: Readonly<Record<string, string>> = {
  username: '"carol"',
  realm: '"sip.example.net"',
  nonce: `"${'7d'.repeat(32)}"`,
  uri: '"/api/accounts/me"',
  qop: 'auth',
  nc: '00000001',
  cnonce: '"c0ffee00c0ffee00"',
  response: '"05308f2e8c60318f4c328b9fdb46ef3f87a18b04fc9f60dd5db7d9c7bb5c6987"',
  opaque: '"0paque"',
  algorithm: 'SHA-256',
}

/** Carol's header with some parameters replaced, or left out where `null`. */
function header(changes: Readonly<Record<string, string | null>> = {}, extra = ''): string {
  const parameters = Object.entries({ ...CAROL, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${value}`],
  )
  return `Digest ${parameters.join(',')}${extra}`
}

function read(text: string): DigestCredentials {
  const credentials = parseDigestCredentials(text)
  if (credentials === null) throw new Error(`refused: ${text}`)
  return credentials
}

describe('credentials are refused', () => {
  for (const name of ['username', 'realm', 'nonce', 'uri', 'response', 'cnonce', 'nc', 'qop', 'opaque']) {
    test(`without ${name}`, () => expect(parseDigestCredentials(header({ [name]: null }))).toBeNull())
    test(`with an empty ${name}`, () => expect(parseDigestCredentials(header({ [name]: '""' }))).toBeNull())
    test(`with ${name} twice`, () => expect(parseDigestCredentials(header({}, `,${name}=${CAROL[name]}`))).toBeNull())
  }

  for (const [why, text] of [
    ['when empty', ''],
    ['when only the scheme is there', 'Digest'],
    ['when only the scheme and a blank are there', 'Digest '],
    ['of the Basic scheme', 'Basic Y2Fyb2w6Y29ycmVjdC1ob3JzZQ=='],
    ['of the Bearer scheme', 'Bearer abc'],
    ['of a scheme that only starts like ours', header().replace('Digest', 'Digestive')],
    ['without a blank behind the scheme', header().replace('Digest ', 'Digest')],
    ['longer than 4096 bytes', header({}, `,x="${'a'.repeat(4096)}"`)],
    ['when a quote never closes', header({}, ',x="open')],
    ['when the last character is a backslash', header({}, ',x="open\\')],
    ['when a quote opens inside a token', header({ uri: '/a"b"' })],
    ['when text follows a quoted value', header({ username: '"carol"x' })],
    ['when two parameters have no comma between', header({}, ' x=1')],
    ['when a parameter has no value', header({}, ',x=')],
    ['when a parameter has no equals sign', header({}, ',x')],
    ['when a parameter has no name', header({}, ',="x"')],
    ['when a name is quoted', header({}, ',"x"=1')],
    ['when semicolons separate', header().replaceAll(',', ';')],
    ['with a control character', header({ username: '"car\x00ol"' })],
    ['with a line break', header({ username: '"carol\r\nX: y"' })],
    ['with an escaped line break', header({ username: '"carol\\\n"' })],
    ['with algorithm twice', header({}, ',algorithm=SHA-256')],
    ['with a duplicate in other case', header({}, ',Username="carol"')],
    ['with an unknown parameter twice', header({}, ',x=1,X=2')],
    ['with both user names', header({}, ",username*=UTF-8''carol")],
    ['with an unknown algorithm', header({ algorithm: 'SHA-512-256' })],
    ['with a session algorithm', header({ algorithm: 'SHA-256-sess' })],
    ['with an empty algorithm', header({ algorithm: '""' })],
    ['with qop auth-int', header({ qop: 'auth-int' })],
    ['with two qops', header({ qop: '"auth,auth-int"' })],
    ['with nc of seven digits', header({ nc: '0000001' })],
    ['with nc of nine digits', header({ nc: '000000001' })],
    ['with nc zero', header({ nc: '00000000' })],
    ['with nc not hexadecimal', header({ nc: '0000000g' })],
    ['with a signed nc', header({ nc: '+0000001' })],
    ['with nc as 0x', header({ nc: '0x000001' })],
    ['with a response of the other length', header({ response: `"${'0'.repeat(32)}"` })],
    ['with an MD5 response of SHA-256 length', header({ algorithm: 'MD5' })],
    ['with a SHA-256 response and no algorithm', header({ algorithm: null })],
    ['with a response not hexadecimal', header({ response: `"${'g'.repeat(64)}"` })],
    ['with a hashed user name', header({}, ',userhash=true')],
    ['with a hashed user name in quotes and capitals', header({}, ',userhash="TRUE"')],
    ['with username* in Latin-1', header({ username: null, 'username*': "iso-8859-1''carol" })],
    ['with username* that is broken', header({ username: null, 'username*': "UTF-8''%zz" })],
    ['with username* without its apostrophes', header({ username: null, 'username*': 'carol' })],
    ['with username* that is empty', header({ username: null, 'username*': "UTF-8''" })],
  ] as const)
    test(why, () => expect(parseDigestCredentials(text)).toBeNull())

  test('without throwing, whatever they are', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(300), (noise, at) => {
        parseDigestCredentials(`Digest ${noise}`)
        const whole = header()
        parseDigestCredentials(whole.slice(0, at) + noise + whole.slice(at))
      }),
    ))

  test('when cut anywhere', () => {
    const whole = header({ algorithm: null }, ',algorithm="SHA-256"')
    for (let end = 0; end < whole.length; end++) expect(parseDigestCredentials(whole.slice(0, end))).toBeNull()
  })
})

describe('credentials are read', () => {
  test('with every parameter', () =>
    expect(read(header())).toEqual({
      username: 'carol',
      realm: 'sip.example.net',
      nonce: '7d'.repeat(32),
      uri: '/api/accounts/me',
      response: '05308f2e8c60318f4c328b9fdb46ef3f87a18b04fc9f60dd5db7d9c7bb5c6987',
      cnonce: 'c0ffee00c0ffee00',
      nc: '00000001',
      qop: 'auth',
      opaque: '0paque',
      algorithm: 'SHA-256',
      nonceCount: 1,
    }))

  const same = read(header())
  for (const [how, text] of [
    ['in any order', `Digest ${header().slice(7).split(',').reverse().join(',')}`],
    ['with blanks around commas and equals signs', header().replaceAll(',', ' \t, ').replaceAll('=', ' = ')],
    ['with empty list elements', header().replaceAll(',', ',, ,')],
    ['with a scheme in any case', header().replace('Digest', 'dIGEST')],
    ['with names in any case', header().replace('username', 'UserName').replace('nc=', 'NC=')],
    ['with everything quoted', header({ qop: '"auth"', nc: '"00000001"', algorithm: '"SHA-256"' })],
    ['with nothing quoted', header().replaceAll('"', '')],
    ['with an algorithm in lower case', header({ algorithm: 'sha-256' })],
    ['with an upper-case response', header({ response: CAROL.response!.toUpperCase() })],
    ['with parameters we do not know', header({}, ',auth-param="x, y=\\"z\\"",charset=UTF-8,userhash=false')],
    ['with needless escapes', header({ username: '"c\\arol"' })],
    ['with username*', header({ username: null, 'username*': "utf-8'en'%63arol" })],
  ] as const)
    test(how, () => expect(read(text)).toEqual(same))

  test('with commas, quotes and backslashes inside quotes', () =>
    expect(read(header({ username: '"a, b=\\"c\\" \\\\d"' })).username).toBe('a, b="c" \\d'))

  test('with the case of nc kept, because it is hashed', () =>
    expect(read(header({ nc: '0000aBcD' }))).toMatchObject({ nc: '0000aBcD', nonceCount: 0xabcd }))

  test('with the highest nonce count', () => expect(read(header({ nc: 'ffffffff' })).nonceCount).toBe(4294967295))

  test('as MD5 when no algorithm is named', () =>
    expect(read(header({ algorithm: null, response: '0'.repeat(32) })).algorithm).toBe('MD5'))

  test('with UTF-8 that arrives a byte a character', () =>
    expect(read(header({ username: '"J\u00c3\u00a4s\u00c3\u00b8n"' })).username).toBe('Jäsøn'))

  test('with bytes that are not UTF-8 left alone', () =>
    expect(read(header({ username: '"J\u00e4s\u00f8n"' })).username).toBe('Jäsøn'))

  test('RFC 7616 §3.9.2: the user name in username*', () =>
    expect(read(header({ username: null, 'username*': "UTF-8''J%C3%A4s%C3%B8n%20Doe" })).username).toBe('Jäsøn Doe'))
})

describe('a response', () => {
  const vectors: readonly {
    from: string
    algorithm: DigestAlgorithm
    password: string
    method: string
    ha1: string
    authorization: string
  }[] = [
    ...DIGEST_ALGORITHMS.map((algorithm) => ({
      from: 'RFC 7616 §3.9.1',
      algorithm,
      password: 'Circle of Life',
      method: 'GET',
      ha1:
        algorithm === 'MD5'
          ? '3d78807defe7de2157e2b0b6573a855f'
          : '7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232',
      authorization: `Digest username="Mufasa",
       realm="http-auth@example.org",
       uri="/dir/index.html",
       algorithm=${algorithm},
       nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
       nc=00000001,
       cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
       qop=auth,
       response="${algorithm === 'MD5' ? '8ca523f5e9506fed4657c9700eebdbec' : '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'}",
       opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`.replaceAll(/\s*\n\s*/g, ' '),
    })),
    {
      from: 'our own',
      algorithm: 'MD5',
      password: 'correct-horse',
      method: 'GET',
      ha1: 'c22dfa4b07ec4005e1c802d15db5aa52',
      authorization: header({ algorithm: 'MD5', response: '"af22a671324d6c72c8635140e50ab2a6"' }),
    },
    {
      from: 'our own',
      algorithm: 'SHA-256',
      password: 'correct-horse',
      method: 'GET',
      ha1: 'ee14ad81e6164650f36b8d86d8cff04ca00e8c9b6468737f4a9444f87a47c9d1',
      authorization: header(),
    },
  ]

  for (const vector of vectors) {
    const credentials = read(vector.authorization)
    const { algorithm, method } = vector
    const stored = ha1(algorithm, credentials.username, credentials.realm, vector.password)

    describe(`of ${vector.from} with ${algorithm}`, () => {
      test('is refused for another password', () =>
        expect(
          responseMatches(credentials, ha1(algorithm, credentials.username, credentials.realm, 'x'), method),
        ).toBeFalse())
      test('is refused for another method', () => expect(responseMatches(credentials, stored, 'POST')).toBeFalse())
      for (const change of [
        { nonce: 'x' },
        { cnonce: 'x' },
        { nc: '00000002' },
        { uri: '/other' },
        { response: `${credentials.response.slice(0, -1)}x` },
        { response: '' },
      ] satisfies Partial<DigestCredentials>[])
        test(`is refused with ${JSON.stringify(change)}`, () =>
          expect(responseMatches({ ...credentials, ...change }, stored, method)).toBeFalse())

      test('comes from the HA1 that is stored', () => expect(stored).toBe(vector.ha1))
      test('is the one expected', () =>
        expect(expectedResponse(credentials, stored, method)).toBe(credentials.response))
      test('matches', () => expect(responseMatches(credentials, stored, method)).toBeTrue())
    })
  }

  test('hashes user name, realm and password as UTF-8', () => {
    expect(ha1('MD5', 'é', 'réalm', '密码')).toBe(new Bun.CryptoHasher('md5').update('é:réalm:密码').digest('hex'))
    expect(ha1('SHA-256', 'é', 'r', 'p')).toBe(new Bun.CryptoHasher('sha256').update('é:r:p').digest('hex'))
  })
})

describe('a challenge', () => {
  const offer = { realm: 'sip.example.net', algorithm: 'SHA-256', nonce: 'N', opaque: 'O', stale: false } as const

  test('cannot be broken by its realm', () =>
    expect(challenge({ ...offer, realm: 'a"b\\c\r\nX: y' })).toStartWith('Digest realm="a\\"b\\\\cX: y",qop="auth"'))

  test('has the one shape that clients read', () =>
    expect(challenge(offer)).toBe('Digest realm="sip.example.net",qop="auth",algorithm=SHA-256,nonce="N",opaque="O"'))

  test('names MD5 for those who have nothing else', () =>
    expect(challenge({ ...offer, algorithm: 'MD5' })).toContain(',algorithm=MD5,'))

  test('says stale only when it is', () =>
    expect(challenge({ ...offer, stale: true })).toBe(`${challenge(offer)},stale=true`))

  test('names algorithms weakest first', () => expect(DIGEST_ALGORITHMS).toEqual(['MD5', 'SHA-256']))
})

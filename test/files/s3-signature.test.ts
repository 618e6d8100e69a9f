import { expect, test } from 'bun:test'
import { checkSignature } from '../support/s3-signature.ts'

// The examples of Amazon's documentation ("Authenticating Requests: Using the Authorization Header" and "… Query Parameters").

const KEYS = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' }
const NOW = Date.parse('2013-05-24T00:00:00Z')
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const get = {
  method: 'GET',
  target: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
}
const signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
const link = {
  method: 'GET',
  target: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`,
  headers: { host: 'examplebucket.s3.amazonaws.com' },
}

test('what Amazon prints as signed is signed, and any other byte is not', () => {
  expect(checkSignature(get, KEYS, NOW)).toEqual({ code: null, bodyHash: EMPTY })
  expect(checkSignature(link, KEYS, NOW)).toEqual({ code: null, bodyHash: null })
  const other = (asked: typeof get | typeof link, change: object) =>
    checkSignature({ ...asked, ...change }, KEYS, NOW).code
  for (const [asked, change] of [
    [get, { method: 'PUT' }],
    [get, { target: '/test.txt?acl' }],
    [get, { target: '/other.txt' }],
    [get, { headers: { ...get.headers, range: 'bytes=0-99' } }],
    [get, { headers: { ...get.headers, host: 'otherbucket.s3.amazonaws.com' } }],
    [link, { method: 'PUT' }],
    [link, { target: link.target.replace('86400', '86401') }],
    [link, { target: `${link.target}&versionId=1` }],
  ] as const) {
    expect(other(asked, change)).toBe('SignatureDoesNotMatch')
  }
  expect(other(get, { headers: { ...get.headers, 'x-amz-acl': 'public-read' } })).toBe('AccessDenied')
  expect(other(get, { headers: { host: get.headers.host } })).toBe('AccessDenied')
  expect(checkSignature(get, { ...KEYS, secret: 'guessed' }, NOW).code).toBe('SignatureDoesNotMatch')
  expect(checkSignature(get, { ...KEYS, region: 'eu-west-3' }, NOW).code).toBe('InvalidAccessKeyId')
  expect(checkSignature(get, KEYS, NOW + 16 * 60_000).code).toBe('RequestTimeTooSkewed')
  expect(checkSignature(link, KEYS, NOW + 86_401_000).code).toBe('AccessDenied')
})

import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { receiveFile } from '../../src/http/upload.ts'
import { form } from '../support/voice.ts'

// A file out of a multipart form, while it arrives (RFC 7578).

const MOST = 1_000_000

/** What comes out of a form that arrives in these pieces. */
const received = async ({ body, headers }: ReturnType<typeof form>, cuts: readonly number[] = []) => {
  const ends = [...new Set([...cuts.filter((cut) => cut < body.length), body.length])].toSorted((a, b) => a - b)
  const pieces = ends.map((end, index) => body.subarray(ends[index - 1] ?? 0, end))
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      // Memory of its own: what was taken is given back.
      for (const piece of pieces) controller.enqueue(Uint8Array.from(piece))
      controller.close()
    },
  })
  const request = new Request('http://localhost/', { method: 'POST', headers, body: stream })
  const taken: Buffer[] = []
  let named = ''
  const isThere = await receiveFile(request, MOST, (name) => {
    named = name
    return async (piece) => {
      taken.push(Buffer.from(piece))
      // As slow as a disk: the next piece may not come over this one.
      await Bun.sleep(0)
    }
  })
  return { isThere, named, bytes: Buffer.concat(taken) }
}

test('the file is what was sent, wherever the network cuts the form, and whatever looks like a boundary in it', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('\r\n', '\r\n--', '--x-y_z', '\r\n--x-y_', '\r', '--').map((text) => Buffer.from(text, 'latin1')),
  )
  const file = fc.array(piece, { minLength: 1, maxLength: 30 }).map((pieces) => Buffer.concat(pieces))
  const isWhole = (bytes: Buffer) => !bytes.includes('\r\n--x-y_z')
  await fc.assert(
    fc.asyncProperty(file.filter(isWhole), fc.array(fc.nat(9000), { maxLength: 20 }), async (bytes, cuts) => {
      const { isThere, named, bytes: got } = await received(form(bytes), cuts)
      expect([isThere, named]).toEqual([true, '/var/lib/flexisip/voicemail/record 1.wav'])
      expect(got.equals(bytes)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('the file stands behind other parts, and a second one of its name is not looked at', async () => {
  const [before, after] = [form(Buffer.from('another'), { part: 'other' }), form(Buffer.from('too late'))]
  const { body, headers } = form(Buffer.from('the file'))
  const end = Buffer.from('--x-y_z--\r\n')
  const open = (whole: Buffer) => whole.subarray(0, whole.length - end.length)
  const all = Buffer.concat([open(before.body), open(body), after.body])
  expect((await received({ body: all, headers }, [3, 60, 200, 201])).bytes.toString()).toBe('the file')
})

test('what takes it and refuses is heard after the form has ended', async () => {
  const { body, headers } = form(Buffer.alloc(300_000))
  let rest = body
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.enqueue(Uint8Array.from(rest.subarray(0, 10_000)))
      rest = rest.subarray(10_000)
      if (rest.length === 0) controller.close()
    },
  })
  const request = new Request('http://localhost/', { method: 'POST', headers, body: stream })
  let pieces = 0
  const refusing = receiveFile(request, MOST, () => async () => {
    pieces += 1
    throw new Error('no')
  })
  await expect(refusing).rejects.toThrow('no')
  expect([pieces, rest.length]).toEqual([1, 0])
})

test('forms that are none, or that nobody sends in good faith, are refused and do not hang', async () => {
  const { body, headers } = form(Buffer.from('sound'))
  const text = body.toString('latin1')
  for (const spoilt of [
    text.replace('--\r\n', ''),
    text.slice(0, -4),
    text.replace('--x-y_z\r\n', '--x-y_zz\r\n'),
    text.replace('\r\n\r\n', '\r\n'),
    `--x-y_z\r\n${'a'.repeat(20_000)}\r\n\r\n${text}`,
    '--x-y_z\r\n\r\n\r\n'.repeat(30) + text,
    'sound',
    '',
  ]) {
    const refused = received({ body: Buffer.from(spoilt, 'latin1'), headers }, [7, 90])
    await expect(refused).rejects.toThrow('errors.invalid')
  }
  for (const type of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/mixed; boundary=x-y_z',
    'text/plain',
  ]) {
    expect((await received({ body, headers: { 'content-type': type } })).isThere).toBe(false)
  }
  for (const type of ['multipart/form-data; boundary=x-y_z', 'Multipart/Form-Data; charset=utf-8; BOUNDARY="x-y_z"']) {
    expect((await received({ body, headers: { 'content-type': type } })).bytes.toString()).toBe('sound')
  }
})

/** Recordings as phones and voicemail servers make them, and the forms that bring them. */

/** RIFF/WAVE: 8 kHz, mono, 16 bit. */
export const wav = (seconds = 1, more = 0): Buffer => {
  const data = Buffer.alloc(seconds * 16_000 + more, 1)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}

const page = (granule: number, packet: Buffer): Buffer => {
  const head = Buffer.alloc(28)
  head.write('OggS', 0, 'latin1')
  head.writeBigInt64LE(BigInt(granule), 6)
  head.writeUInt8(1, 26)
  head.writeUInt8(packet.length, 27)
  return Buffer.concat([head, packet])
}

/** Opus in Ogg (RFC 7845), which `file` calls audio/ogg. */
export const opus = (seconds = 1): Buffer => {
  const skip = 312
  const head = Buffer.alloc(19)
  head.write('OpusHead\x01\x01', 0, 'latin1')
  head.writeUInt16LE(skip, 10)
  head.writeUInt32LE(48_000, 12)
  const tags = Buffer.from('OpusTags\x04\0\0\0test\0\0\0\0', 'latin1')
  return Buffer.concat([page(0, head), page(0, tags), page(seconds * 48_000 + skip, Buffer.alloc(200, 7))])
}

/** As Flexisip sends it: a path of its own as the name, and the boundary in quotes. */
export const form = (
  file: Buffer | null,
  { name = '/var/lib/flexisip/voicemail/record 1.wav', part = 'file', boundary = 'x-y_z', type = 'audio/wav' } = {},
) => {
  const disposition = `Content-Disposition: form-data; name="${part}"; filename="${name}"`
  const parts =
    file === null
      ? [`--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nnothing`]
      : [`--${boundary}\r\n${disposition}\r\nContent-Type: ${type}\r\n\r\n`, file]
  return {
    body: Buffer.concat([...parts, `\r\n--${boundary}--\r\n`].map((one) => Buffer.from(one as string))),
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
  }
}

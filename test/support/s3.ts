import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import S3rver from 's3rver'
import { testFolder } from './folder.ts'
import { checkSignature } from './s3-signature.ts'

const BUCKET = 'voicemails'
const KEYS = { id: 'S3RVER', secret: 'S3RVER', region: 'us-east-1' }

const refuse = (response: ServerResponse, status: number, code: string) => {
  // Whatever comes after a refusal is not read.
  response.writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
}

/** Before s3rver, which believes much: lets through what is signed to the last byte (Signature Version 4). */
const strictGate = async (port: number) => {
  const refused: string[] = []
  const pass = (asked: IncomingMessage, response: ServerResponse, body: Buffer | null) => {
    const { method, url: path, headers } = asked
    const onward = request({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
      reply.pipe(response)
    })
    onward.on('error', () => response.destroy())
    asked.on('error', () => onward.destroy())
    if (body === null) asked.pipe(onward)
    else onward.end(body)
  }
  const server = createServer(async (asked, response) => {
    const { method = '', url: target = '', headers } = asked
    const verdict = checkSignature({ method, target, headers }, KEYS, Date.now())
    const body = verdict.code !== null || verdict.bodyHash === null ? null : await buffer(asked)
    const isOther =
      body !== null && verdict.code === null && createHash('sha256').update(body).digest('hex') !== verdict.bodyHash
    const code = isOther ? 'XAmzContentSHA256Mismatch' : verdict.code
    if (code === null) return pass(asked, response, body)
    refused.push(code)
    refuse(response, isOther ? 400 : 403, code)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    refused,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A server that speaks S3 and is strict about signatures, with one bucket; and the settings that lead to it. */
export const startS3 = async () => {
  const directory = mkdtempSync(join(testFolder, 's3-'))
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  })
  const gate = await strictGate((await server.run()).port)
  const endpoint = `http://127.0.0.1:${gate.port}`
  return {
    env: {
      FILES_S3_BUCKET: BUCKET,
      FILES_S3_ENDPOINT: endpoint,
      FILES_S3_ACCESS_KEY_ID: KEYS.id,
      FILES_S3_SECRET_ACCESS_KEY: KEYS.secret,
    },
    /** The bucket, as somebody else sees it. */
    bucket: new Bun.S3Client({
      bucket: BUCKET,
      endpoint,
      region: KEYS.region,
      accessKeyId: KEYS.id,
      secretAccessKey: KEYS.secret,
    }),
    endpoint,
    /** Why requests were refused, in S3's words. */
    refused: gate.refused,
    close: async () => {
      gate.close()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A request as it leaves: the path and the body byte for byte as they are here. */
export interface H2Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/**
 * `nghttp`, which speaks HTTP/2 over TLS as Flexisip's client does, on a connection of its own. `folder`: where the body
 * waits. Whoever answers may do so from this process.
 */
export const nghttp = async (base: string, folder: string, { method, path, headers, body }: H2Request) => {
  const file = join(folder, 'h2-body')
  writeFileSync(file, body)
  const all = { ':method': method, ':path': path, ...headers }
  const lines = Object.entries(all).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const child = Bun.spawn(['nghttp', '-v', '--no-dep', '--no-verify-peer', ...lines, '-d', file, `${base}/`], {
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const output = await new Response(child.stdout).text()
  if (!output.includes('The negotiated protocol: h2')) throw new Error(`no HTTP/2:\n${output}`)
  const received = /recv \([^)]*\) ([\w-]+): (.*)/g
  const json = /^(\{.*\})/m.exec(output)?.[1]
  return {
    status: Number(/:status: (\d+)/.exec(output)?.[1]),
    headers: new Map([...output.matchAll(received)].map(([, name = '', value = '']) => [name, value.trim()])),
    json: json === undefined ? null : JSON.parse(json),
    output,
  }
}

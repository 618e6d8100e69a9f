import type { Call, Reply, TestApp } from './app.ts'
import { FORM, parsePage } from './page.ts'

/** A form with a file, as browsers send it: in the order of its fields, the file where it stands. */
const multipart = async (
  fields: Readonly<Record<string, string>>,
  { part, name, bytes }: { part: string; name: string; bytes: Uint8Array },
) => {
  const form = new FormData()
  for (const [field, value] of Object.entries({ ...fields, [part]: '' })) {
    form.append(field, field === part ? new File([Uint8Array.from(bytes)], name) : value)
  }
  const request = new Request('http://localhost', { method: 'POST', body: form })
  return {
    headers: { 'content-type': request.headers.get('content-type') ?? '' },
    body: await request.bytes(),
  }
}

/** A browser without scripts that keeps its cookies from page to page, and sends the form of the page that it is on. */
export const visitor = (
  t: Pick<TestApp, 'send'>,
  { host = 'localhost', address = '192.0.2.7' }: Pick<Call, 'host' | 'address'> = {},
) => {
  const cookies = new Map<string, string>()
  let page: Reply | null = null

  const send = async (method: string, path: string, call: Call = {}): Promise<Reply> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...call.headers }
    const reply = await t.send(method, path, { host, address, ...call, headers })
    for (const line of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      if (/Max-Age=0(?!\d)/.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return reply
  }

  return {
    cookies,
    open: async (path: string, call: Call = {}): Promise<Reply> => {
      page = await send('GET', path, call)
      return page
    },
    /**
     * `form`: where the form is sent to, on a page that has several. `stay`: the page remains the one to send from,
     * whatever the answer is.
     */
    submit: async (
      fields: Readonly<Record<string, string>> = {},
      {
        form: target,
        stay = false,
        headers = {},
        file,
      }: {
        form?: string
        stay?: boolean
        headers?: Record<string, string>
        file?: { part: string; name: string; bytes: Uint8Array }
      } = {},
    ): Promise<Reply> => {
      if (page === null) throw new Error('no page is open')
      const form = parsePage(page, target)
      const filled = { ...form.fields, ...fields }
      const sent = file === undefined ? null : await multipart(filled, file)
      const reply = await send('POST', form.action, {
        headers: { ...(sent?.headers ?? FORM), ...headers },
        body: sent?.body ?? new URLSearchParams(filled).toString(),
      })
      if (!stay) page = reply
      return reply
    },
  }
}

import type { Call, Reply, TestApp } from './app.ts'
import { FORM, parsePage } from './page.ts'

/** A browser without scripts that keeps its cookies from page to page, and sends the form of the page that it is on. */
export const visitor = (
  t: TestApp,
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
      }: { form?: string; stay?: boolean; headers?: Record<string, string> } = {},
    ): Promise<Reply> => {
      if (page === null) throw new Error('no page is open')
      const form = parsePage(page, target)
      const reply = await send('POST', form.action, {
        headers: { ...FORM, ...headers },
        body: new URLSearchParams({ ...form.fields, ...fields }).toString(),
      })
      if (!stay) page = reply
      return reply
    },
  }
}

import type { Reply, TestApp } from './app.ts'

/** How a browser sends a form. */
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/**
 * A form of a page, as a browser without scripts would send it: the first one of the page's own, or the one that is
 * sent to `target`.
 */
export const parsePage = (reply: Reply, target?: string) => {
  const own = target === undefined ? reply.text.slice(Math.max(0, reply.text.indexOf('<main'))) : reply.text
  const forms = [...own.matchAll(/<form[^>]* action="([^"]+)"[^>]*>[\s\S]*?<\/form>/g)]
  const [html = '', action = ''] = forms.find(([, each]) => target === undefined || each === target) ?? []
  const plain = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
  const fields: Record<string, string> = {}
  for (const [tag] of html.matchAll(/<(?:input|button)[^>]*>/g)) {
    if (/ type="(?:checkbox|radio)"/.test(tag) && !/ checked[ />]/.test(tag)) continue
    const name = / name="([^"]+)"/.exec(tag)?.[1]
    if (name !== undefined) fields[name] = plain(/ value="([^"]*)"/.exec(tag)?.[1] ?? '')
  }
  const cookies = reply.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
  return {
    action,
    fields,
    cookies,
    /** Posts the form with these fields changed, with the cookies that came with the page and `more`. */
    submit: (t: TestApp, changed: Record<string, string> = {}, more: { cookies?: string[]; host?: string } = {}) => {
      const { host = 'localhost' } = more
      return t.post(action, {
        host,
        body: new URLSearchParams({ ...fields, ...changed }).toString(),
        headers: {
          ...FORM,
          cookie: [...cookies, ...(more.cookies ?? [])].join('; '),
          origin: `http://${host}`,
        },
      })
    },
  }
}

/** What an answer tells, without what is random in every page and what was typed. */
export const plain = (reply: Reply, typed: string) => ({
  status: reply.status,
  headers: [...reply.headers].filter(([name]) => name !== 'set-cookie'),
  cookies: reply.headers.getSetCookie().length,
  text: reply.text.replaceAll(/value="[A-Za-z0-9]{43,64}"/g, 'value="random"').replaceAll(typed, 'typed'),
})

/** What people read of a page: without tags, one space in place of many. */
export const words = ({ text }: Reply): string => text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

/** A code that is not this one. */
export const wrongFor = (code: string): string => (code === '1000' ? '1001' : '1000')

import { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import type { Auth } from '../http/auth.ts'
import { anything } from '../http/input.ts'
import { answers, mapOf } from '../http/output.ts'
import { COMMON } from '../http/respond.ts'
import type { Pages } from '../panel/pages.ts'
import { type ApiDocument, apiDocument, type Mounted } from './api-document.ts'
import { documentPage } from './page.tsx'

/**
 * The documentation of the API, for people and for programs (behaviour/panel.md §6.2). `routes`: all that are mounted,
 * these two among them; asked when the first visitor comes.
 */
export const apiDocumentApi = (deps: {
  auth: Auth
  pages: Pages
  config: Config
  routes: () => readonly Mounted[]
}) => {
  const { auth, pages, config, routes } = deps

  const prepare = (document: ApiDocument) => ({
    page: documentPage(document, config.BASE_PATH),
    /** Without the brace that closes it: the address of the Space comes last. */
    open: JSON.stringify(document).slice(0, -1),
  })
  let prepared: ReturnType<typeof prepare> | null = null
  const ready = () => {
    prepared ??= prepare(apiDocument(routes()))
    return prepared
  }

  return new Elysia({ prefix: '/api', tags: ['Documentation'] })
    .use(auth)
    .use(pages)
    .get('/', ({ show }) => show(ready().page), {
      open: true,
      speaks: 'en',
      detail: { summary: 'Read about the API', ...answers('text/html') },
    })
    .get(
      '/openapi.json',
      ({ visit, request }) => {
        const servers = JSON.stringify([{ url: visit.baseUrl() + config.BASE_PATH }])
        const body = `${ready().open},"servers":${servers}}`
        const etag = `"${Bun.hash(body).toString(36)}"`
        const headers = { ...COMMON, 'content-type': 'application/json', 'cache-control': 'public, no-cache', etag }
        const isKnown = request.headers.get('if-none-match')?.includes(etag) === true
        return isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers })
      },
      { open: true, detail: { summary: 'The same for programs, in OpenAPI 3.1', ...answers(mapOf(anything())) } },
    )
}

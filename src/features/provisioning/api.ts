import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Visit } from '../../http/visit.ts'
import { landingPage } from './landing-page.tsx'
import type { Provisioning } from './provisioning.ts'

const PUBLIC_XML = new Headers({ 'content-type': 'application/xml', 'cache-control': 'no-cache, private' })
/** With an account inside: nothing between us and the phone may keep it. */
const ACCOUNT_XML = new Headers({ 'content-type': 'application/xml', 'cache-control': 'no-store, private' })

const xml = (document: string, headers: Headers) => new Response(document, { headers })

const hasHeader = (request: Request) => request.headers.has('x-linphone-provisioning')

/** A link previewer or a browser that looks ahead: it must not spend anything. */
const isPrefetch = ({ headers }: Request) =>
  /prefetch|prerender/.test(`${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''}`.toLowerCase())

/** A person who followed the link in a browser. */
const isNavigation = (request: Request) => request.headers.get('sec-fetch-dest') === 'document' && !hasHeader(request)

/** Machine endpoints at the root (spec provisioning.md §1). Literal paths win over the token. */
export const provisioningApi = ({ auth, provisioning }: { auth: Auth; provisioning: Provisioning }) => {
  const page = async (visit: Visit, token: string) => {
    await provisioning.inspect(visit, token)
    return landingPage(visit, provisioning.urlOf(visit, token))
  }
  return new Elysia({ prefix: '/provisioning' })
    .use(auth)
    .get(
      '/',
      async ({ visit, request }) => {
        provisioning.requireHeader(visit, hasHeader(request))
        return xml(await provisioning.base(visit), PUBLIC_XML)
      },
      { open: true },
    )
    .get(
      '/me',
      async ({ visit, caller, request }) => {
        provisioning.requireHeader(visit, hasHeader(request))
        return xml(await provisioning.forCaller(visit, caller), ACCOUNT_XML)
      },
      { requires: 'account' },
    )
    .get(
      '/qrcode/:token',
      async ({ visit, params }) => {
        const { url, png } = await provisioning.qrCode(visit, params.token)
        return new Response(Buffer.from(png), {
          headers: { 'content-type': 'image/png', 'cache-control': 'no-store', 'x-qrcode-url': url },
        })
      },
      { open: true },
    )
    .get(
      '/auth_token/:token',
      async ({ visit, params, request }) => {
        if (visit.head || isPrefetch(request) || isNavigation(request)) {
          await provisioning.inspectAuthToken(visit, params.token)
          return xml('', ACCOUNT_XML)
        }
        return xml(await provisioning.withAuthToken(visit, params.token), ACCOUNT_XML)
      },
      { open: true },
    )
    .get(
      '/:token',
      async ({ visit, params, request }) => {
        if (isPrefetch(request) || isNavigation(request)) return page(visit, params.token)
        provisioning.requireHeader(visit, hasHeader(request))
        if (visit.head) {
          await provisioning.inspect(visit, params.token)
          return xml('', ACCOUNT_XML)
        }
        return xml(await provisioning.withToken(visit, params.token), ACCOUNT_XML)
      },
      { open: true },
    )
}

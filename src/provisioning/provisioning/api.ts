import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { answers, named, refuses } from '../../http/output.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Pages } from '../../panel/pages.ts'
import { documentationPage } from './documentation-page.tsx'
import { landingPage } from './landing-page.tsx'
import type { Provisioning } from './provisioning.ts'

const PUBLIC_XML = new Headers({ 'content-type': 'application/xml', 'cache-control': 'no-cache, private' })
/** With an account inside: nothing between us and the phone may keep it. */
const ACCOUNT_XML = new Headers({ 'content-type': 'application/xml', 'cache-control': 'no-store, private' })

const xml = (document: string, headers: Headers) => new Response(document, { headers })

const hasHeader = (request: Request) => request.headers.has('x-linphone-provisioning')

/** A link previewer or a browser that looks ahead: it must not spend anything. */
const isPrefetch = ({ headers }: Request) =>
  /prefetch|prerender|preview/.test(`${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''}`.toLowerCase())

/** A person who followed the link in a browser, or a mail scanner that does as if. Apps send no `Accept` (D54). */
const isPerson = ({ headers }: Request) =>
  !headers.has('x-linphone-provisioning') &&
  (headers.get('sec-fetch-dest') === 'document' || /\btext\/html\b/i.test(headers.get('accept') ?? ''))

/** For a route's `detail`. */
const resets = {
  parameters: [
    {
      name: 'reset_password',
      in: 'query' as const,
      description: 'With any value: the account gets a new password, which only the document holds.',
      schema: { type: 'string' as const },
    },
  ],
}

/** Where phones find their documents (behaviour/provisioning.md §1). Literal paths win over the token. */
export const provisioningApi = (deps: { auth: Auth; pages: Pages; provisioning: Provisioning }) => {
  const { auth, pages, provisioning } = deps

  /** Nothing is spent for whoever only looks, and a person reads refusals on a page. */
  const isForLooking = (request: Request): boolean => isPerson(request) || isPrefetch(request)

  /** A link that somebody else made must not reset the password of whoever is signed in by a cookie. */
  const refuseForgedReset = (visit: Visit) => {
    if (visit.caller?.via === 'cookie' && provisioning.wantsReset(visit) && visit.isCrossSite) {
      throw new AppError('forbidden', 'errors.cross_origin')
    }
  }

  return new Elysia({ prefix: '/provisioning', tags: ['Provisioning'] })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ visit, request }) => {
        provisioning.requireHeader(visit, hasHeader(request))
        return xml(await provisioning.base(visit), PUBLIC_XML)
      },
      {
        open: true,
        detail: {
          summary: 'Fetch the base document',
          description: 'What every phone of this Space is told, without an account.',
          ...answers('application/xml'),
          ...refuses(400),
        },
      },
    )
    .get('/documentation', ({ show }) => show(documentationPage), {
      open: true,
      speaks: 'asked',
      detail: { hide: true },
    })
    .get(
      '/me',
      async ({ visit, caller, request }) => {
        provisioning.requireHeader(visit, hasHeader(request))
        refuseForgedReset(visit)
        const looksOnly = visit.head || isPrefetch(request) || isPerson(request)
        return xml(await provisioning.forCaller(visit, caller, looksOnly), ACCOUNT_XML)
      },
      {
        // It holds what opens the account.
        requires: { role: 'account', scopes: [] },
        detail: {
          summary: "Fetch the document of the caller's account",
          ...resets,
          ...answers('application/xml'),
          ...refuses(400),
        },
      },
    )
    .get(
      '/qrcode/:token',
      async ({ visit, params, request }) => {
        const { url, png } = await provisioning.qrCode(visit, params.token, isPerson(request))
        return new Response(Buffer.from(png), {
          headers: { 'content-type': 'image/png', 'cache-control': 'no-store', 'x-qrcode-url': url },
        })
      },
      {
        open: true,
        people: isPerson,
        detail: {
          summary: 'Show the address of a document as a QR code',
          description: 'The header `X-Qrcode-URL` has the address as text. The token is not spent.',
          ...named({ token: 'provisioning_token' }),
          ...answers('image/png'),
        },
      },
    )
    .get(
      '/auth_token/:token',
      async ({ visit, params, request, show }) => {
        if (isForLooking(request)) {
          const { again } = await provisioning.look(visit, {
            token: params.token,
            isAuthToken: true,
            isPerson: isPerson(request),
          })
          const { url } = provisioning.addressOf(visit, `auth_token/${params.token}`)
          return show(landingPage, { url, qrCodePath: null, again })
        }
        if (visit.head) {
          await provisioning.inspectAuthToken(visit, params.token)
          return xml('', ACCOUNT_XML)
        }
        return xml(await provisioning.withAuthToken(visit, params.token), ACCOUNT_XML)
      },
      {
        open: true,
        people: isPerson,
        detail: {
          summary: 'Fetch a document by an auth token',
          ...named({ token: 'auth_token' }),
          ...resets,
          ...answers('application/xml'),
        },
      },
    )
    .get(
      '/:token',
      async ({ visit, params, request, show }) => {
        if (isForLooking(request)) {
          const { again } = await provisioning.look(visit, {
            token: params.token,
            isAuthToken: false,
            isPerson: isPerson(request),
          })
          return show(landingPage, { ...provisioning.addressOf(visit, params.token), again })
        }
        provisioning.requireHeader(visit, hasHeader(request))
        if (visit.head) {
          await provisioning.foresee(visit, params.token)
          return xml('', ACCOUNT_XML)
        }
        return xml(await provisioning.withToken(visit, params.token), ACCOUNT_XML)
      },
      {
        open: true,
        people: isPerson,
        detail: {
          summary: 'Fetch a document by a provisioning token',
          description:
            'The token is spent and the account activated. One that is unknown, was used or has expired is 404, and the message says which. Link previews and browsers spend nothing. A Space may insist on the header `X-Linphone-Provisioning` (400).',
          ...named({ token: 'provisioning_token' }),
          ...resets,
          ...answers('application/xml'),
          ...refuses(400),
        },
      },
    )
}

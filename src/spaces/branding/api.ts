import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import type { Branding } from './branding.ts'

/** Where pages and mails find the logo of a Space; its name changes with the picture. */
export const brandingApi = ({ auth, branding }: { auth: Auth; branding: Branding }) =>
  new Elysia({ prefix: '/storage/img', detail: { hide: true } }).use(auth).get(
    '/:logo',
    async ({ visit, params }) =>
      new Response(await branding.logo(visit.space, params.logo), {
        headers: {
          'content-type': 'image/png',
          'cache-control': 'public, max-age=31536000, immutable',
          'content-security-policy': "default-src 'none'",
          'x-content-type-options': 'nosniff',
        },
      }),
    { open: true },
  )

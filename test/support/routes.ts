import type { Role } from '../../src/features/authentication/caller.ts'
import type { Space } from '../../src/features/spaces/space.ts'
import type { TestAccount, TestApp } from './app.ts'

export interface Route {
  readonly method: string
  /** As declared: `/api/accounts/:id`. */
  readonly path: string
  /** What a caller must be; null: anybody. */
  readonly role: Role | null
}

/** Every route of the app, from its own table: what is added tomorrow is in it. */
export const routesOf = (t: TestApp): Route[] =>
  t.routes.routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, path, hooks }) => {
      const detail = (hooks as { detail?: { security?: readonly { digest?: readonly Role[] }[] } } | undefined)?.detail
      const role = detail?.security?.[0]?.digest?.[0] ?? null
      return { method, path: path.length > 1 ? path.replace(/\/$/, '') : path, role }
    })

export const nameOf = ({ method, path }: Route): string => `${method} ${path}`

/** The objects of one Space, as paths name them. */
export interface Objects {
  readonly owner: TestAccount
  /** The route's path with an object of the Space in the place of each parameter. */
  urlOf(route: Route): string
}

/** One of everything that a path can name. A new parameter needs a sample here. */
export const objectsOf = async (t: TestApp, space: Space): Promise<Objects> => {
  const at = { host: space.host }
  const email = `owner@${space.host}.example`
  const owner = await t.account({ username: 'owner', space, email })
  const sip = `${owner.username}@${space.domain}`
  await t.db.transaction((tx) => t.parts.dictionary.set(tx, owner.id, { department: 'sales' }))
  const provisioning = (await t.get('/api/accounts/me', { as: owner, ...at })).json.provisioning_token
  const request = (await t.post('/api/account_creation_request_tokens', at)).json.token
  const free = (await t.post('/api/accounts/auth_token', at)).json.token
  const attached = async (): Promise<string> => {
    const { token } = (await t.post('/api/accounts/auth_token', at)).json
    await t.get(`/api/accounts/auth_token/${token}/attach`, { as: owner, ...at })
    return token
  }
  const [forPhone, forKey] = [await attached(), await attached()]
  const picture = /href="\/assets\/([^"]+)"/.exec((await t.get('/about', at)).text)?.[1] ?? 'none'

  const sample = (path: string, name: string): string | undefined => {
    switch (name) {
      case 'id':
        if (path.endsWith('/search-by-email')) return email
        return /\/(search|info|activate\/(email|phone))$/.test(path) ? sip : String(owner.id)
      case 'sip':
        return sip
      case 'key':
        return 'department'
      case 'domain':
        return space.domain
      case 'token':
        if (/^\/creation_token\//.test(path)) return request
        if (/auth_tokens?\/(qrcode\/)?:token(\/attach)?$/.test(path) && !path.startsWith('/provisioning')) return free
        return path.endsWith('/api_key/:token') ? forKey : path.endsWith('/auth_token/:token') ? forPhone : provisioning
      // Of no Space.
      case 'code':
        return 'FR'
      case 'name':
        return picture
    }
  }
  return {
    owner,
    urlOf: (route) =>
      route.path.replace(/:(\w+)/g, (_, name: string) => {
        const value = sample(route.path, name)
        if (value === undefined)
          throw new Error(`test/support/routes.ts has no sample for :${name} of ${nameOf(route)}`)
        return encodeURIComponent(value)
      }),
  }
}

import pico from '@picocss/pico/css/pico.min.css' with { type: 'text' }
import panel from './assets/panel.css' with { type: 'text' }
import proofOfWork from './assets/proof-of-work.js' with { type: 'text' }

interface Asset {
  readonly path: string
  readonly type: string
  readonly body: string
}

/** The content hash is part of the path, so a browser may keep it for ever. */
const asset = (name: string, type: string, body: string): Asset => ({
  path: `/assets/${Bun.hash(body).toString(36)}-${name}`,
  type,
  body,
})

let known: readonly Asset[] | null = null

/** Everything that pages load: all of it from here, nothing from anybody else's server. */
export const assets = (): readonly Asset[] => {
  known ??= [
    asset('panel.css', 'text/css; charset=utf-8', `${pico}\n${panel}`),
    asset('proof-of-work.js', 'text/javascript; charset=utf-8', proofOfWork),
  ]
  return known
}

/** Where the asset of that name is served. */
export const assetPath = (name: string): string => assets().find(({ path }) => path.endsWith(`-${name}`))?.path ?? ''

import pico from '@picocss/pico/css/pico.min.css' with { type: 'text' }
import apiSearch from './assets/api-search.js' with { type: 'text' }
import codeBoxes from './assets/code-boxes.js' with { type: 'text' }
import codeSignIn from './assets/code-sign-in.js' with { type: 'text' }
import copy from './assets/copy.js' with { type: 'text' }
import countdown from './assets/countdown.js' with { type: 'text' }
import localTime from './assets/local-time.js' with { type: 'text' }
import openApp from './assets/open-app.js' with { type: 'text' }
import panel from './assets/panel.css' with { type: 'text' }
import proofOfWork from './assets/proof-of-work.js' with { type: 'text' }
import { hueStylesheet, USUAL_HUE } from './theme.ts'

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
    asset('api-search.js', 'text/javascript; charset=utf-8', apiSearch),
    asset('code-boxes.js', 'text/javascript; charset=utf-8', codeBoxes),
    asset('code-sign-in.js', 'text/javascript; charset=utf-8', codeSignIn),
    asset('copy.js', 'text/javascript; charset=utf-8', copy),
    asset('countdown.js', 'text/javascript; charset=utf-8', countdown),
    asset('local-time.js', 'text/javascript; charset=utf-8', localTime),
    asset('open-app.js', 'text/javascript; charset=utf-8', openApp),
    asset('proof-of-work.js', 'text/javascript; charset=utf-8', proofOfWork),
  ]
  return known
}

/** Where the asset of that name is served. */
export const assetPath = (name: string): string => assets().find(({ path }) => path.endsWith(`-${name}`))?.path ?? ''

const ofHue = (hue: number): Asset => asset(`hue-${hue}.css`, 'text/css; charset=utf-8', hueStylesheet(hue))

/** Where the colours of a Space are served. */
export const huePath = (hue: number | null): string => ofHue(hue ?? USUAL_HUE).path

/** The asset at that path; null: none of ours, or of another version. */
export const assetAt = (path: string): Asset | null => {
  const hue = /-hue-(\d{1,3})\.css$/.exec(path)?.[1]
  const found = hue === undefined ? assets().find((one) => one.path === path) : ofHue(Number(hue))
  return found?.path === path && Number(hue ?? 0) <= 360 ? found : null
}

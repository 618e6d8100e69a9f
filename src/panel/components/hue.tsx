import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import { TextField, textOf } from './fields.tsx'

/** Of HSL, as Spaces keep theirs; `public.css` knows each. */
export const SWATCHES = [
  [0, 'hue.red'],
  [22, 'hue.orange'],
  [45, 'hue.amber'],
  [75, 'hue.lime'],
  [120, 'hue.green'],
  [150, 'hue.emerald'],
  [175, 'hue.teal'],
  [200, 'hue.cyan'],
  [220, 'hue.blue'],
  [255, 'hue.indigo'],
  [285, 'hue.violet'],
  [330, 'hue.pink'],
] as const

interface HueProps {
  readonly value: number
  /** What a Space looks like; parts with the class `preview` follow the choice, without a script. */
  readonly children: ComponentChildren
}

/** A hue: one of twelve (`swatch`), or one's own (`theme_hue`), which counts where it was changed. */
export const HueField = ({ value, children }: HueProps): VNode => {
  const { t, input, refused } = useKit()
  const typed = refused.size > 0 ? textOf(input.swatch) : String(value)
  return (
    <div class="look stack">
      <fieldset>
        <legend>{t('hue.pick')}</legend>
        <div class="swatches">
          {SWATCHES.map(([hue, name]) => (
            <input
              class={`theme hue-${hue}`}
              type="radio"
              name="swatch"
              value={String(hue)}
              aria-label={t(name)}
              checked={typed === String(hue)}
            />
          ))}
        </div>
      </fieldset>
      <TextField
        name="theme_hue"
        label={t('hue.own')}
        hint={t('hue.own_hint')}
        value={SWATCHES.some(([hue]) => hue === value) ? undefined : value}
        class="short"
        maxlength={7}
        optional
      />
      {children}
    </div>
  )
}

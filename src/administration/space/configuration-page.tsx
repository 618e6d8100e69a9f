import type { VNode } from 'preact'
import type { AdministeredSpace } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { FieldGroup } from '../../panel/components/card.tsx'
import { Checkbox, FileField, Switch, TextArea, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { HueField } from '../../panel/components/hue.tsx'
import { Note } from '../../panel/components/note.tsx'
import { type Kit, useKit } from '../../panel/kit.tsx'
import { markdown } from '../../panel/markdown.tsx'
import { USUAL_HUE } from '../../panel/theme.ts'
import { MOST_LOGO_BYTES, MOST_LOGO_PIXELS } from '../../spaces/branding/branding.ts'
import { type Administering, aboveOf, SpaceTabs, spacePath } from './head.tsx'
import { CONFIGURATION, factsOf } from './parts.ts'

const MEGABYTE = 1024 * 1024

export interface Configuring extends Administering {
  readonly space: AdministeredSpace
  /** SMS can be sent. */
  readonly sendsSms: boolean
}

/** What a Space looks like, says and lets people do (behaviour/panel.md §7.15). */
export const configurationPage = ({ t }: Kit, facts: Configuring): FormPage => {
  const { space, at, sendsSms } = facts
  const to = spacePath(at, '/configuration')
  return {
    title: t('space_look.title'),
    above: aboveOf(t, facts),
    cards: true,
    to,
    address: to,
    upload: true,
    scripts: ['logo-preview.js'],
    button: t('space_look.save'),
    before: <SpaceTabs of={facts} rest="/configuration" />,
    children: (
      <>
        <Version of={factsOf(space, CONFIGURATION)} to={to} />
        <FieldGroup title={t('space_look.look')} why={t('space_look.look_why')} first>
          <HueField value={space.themeHue ?? USUAL_HUE}>
            <FileField
              name="logo"
              label={t('space_look.logo')}
              accept=".png,image/png"
              hint={t('space_look.logo_hint', { megabytes: MOST_LOGO_BYTES / MEGABYTE, pixels: MOST_LOGO_PIXELS })}
              optional
            />
            {space.logo === null ? null : <Checkbox name="logo_delete" label={t('space_look.logo_delete')} />}
            <fieldset class="grid two">
              <legend class="hidden">{t('space_look.preview')}</legend>
              <Preview space={space} theme="light" />
              <Preview space={space} theme="dark" />
            </fieldset>
          </HueField>
        </FieldGroup>
        <FieldGroup title={t('space_look.texts')} why={t('space_look.texts_why')}>
          <TextArea
            name="intro_registration_text"
            label={t('space_look.intro')}
            value={space.introRegistrationText ?? undefined}
            optional
          />
          <TextField
            name="copyright_text"
            label={t('space_look.copyright')}
            value={space.copyrightText ?? undefined}
            optional
          />
        </FieldGroup>
        <FieldGroup title={t('space_look.people')} why={t('space_look.people_why')}>
          <div>
            <Switch
              name="public_registration"
              label={t('space_look.registration')}
              hint={t('space_look.registration_hint')}
              checked={space.publicRegistration}
            />
            <Switch
              name="phone_registration"
              label={t('space_look.phone')}
              hint={t('space_look.phone_hint')}
              checked={space.phoneRegistration}
            />
            <Switch
              name="intercom_features"
              label={t('space_look.intercom')}
              hint={t('space_look.intercom_hint')}
              checked={space.intercomFeatures}
            />
          </div>
          {space.phoneRegistration && !sendsSms ? <Note tone="warn">{t('space_look.no_sms')}</Note> : null}
          <TextField
            name="newsletter_registration_address"
            label={t('space_look.newsletter')}
            hint={t('space_look.newsletter_hint')}
            type="email"
            value={space.newsletterRegistrationAddress ?? undefined}
            optional
          />
        </FieldGroup>
        <FieldGroup title={t('space_look.phones')} why={t('space_look.phones_why')}>
          <TextField
            name="account_proxy_registrar_address"
            label={t('space_look.registrar')}
            hint={t('space_look.registrar_hint')}
            value={space.accountProxyRegistrarAddress ?? undefined}
            autocapitalize="none"
            optional
          />
          <TextArea
            name="custom_provisioning_entries"
            label={t('space_look.entries')}
            hint={t('space_look.entries_hint')}
            value={space.customProvisioningEntries ?? undefined}
            rows={8}
            code
            optional
          />
          <Switch
            name="custom_provisioning_overwrite_all"
            label={t('space_look.overwrite')}
            hint={t('space_look.overwrite_hint')}
            checked={space.customProvisioningOverwriteAll}
          />
        </FieldGroup>
      </>
    ),
  }
}

/** The sign-in in small. */
const Preview = ({ space, theme }: { space: AdministeredSpace; theme: 'light' | 'dark' }): VNode => {
  const { t, href } = useKit()
  return (
    <div class="preview theme" data-theme={theme}>
      <p class="brand">
        {space.logo === null ? null : <img class="logo" src={href(`/storage/img/${space.logo}`)} alt="" />}
        <span class="tile" aria-hidden="true">
          {[...space.name][0]?.toUpperCase()}
        </span>
        {space.name}
      </p>
      <div class="card">
        <b>{t('sign_in.title')}</b>
        {space.introRegistrationText === null ? null : (
          <div class="prose-text">{markdown(space.introRegistrationText)}</div>
        )}
        <span class="button primary wide">{t('sign_in.title')}</span>
      </div>
    </div>
  )
}

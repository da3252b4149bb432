import { KEY_MAP } from '@graphiql/react';

// GraphiQL binds "Shift-Ctrl-P" and its like to monaco's `WinCtrl`: Ctrl on a Mac, but the Windows key elsewhere.
// Elsewhere Ctrl is `CtrlCmd`, so the keys that its help promises are added here.
const WIN_CTRL = 256;
const CTRL_CMD = 2048;

if (!/mac/i.test(navigator.platform)) {
  for (const { keybindings } of Object.values(KEY_MAP) as { keybindings?: number[] }[]) {
    for (const keys of keybindings ? [...keybindings] : []) {
      if (keys & WIN_CTRL && !(keys & CTRL_CMD)) keybindings?.push((keys & ~WIN_CTRL) | CTRL_CMD);
    }
  }
}

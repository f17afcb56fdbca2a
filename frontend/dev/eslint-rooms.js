import path from 'node:path';

// The rooms of the application, from the top of the house to its cellar. A
// file may import its own room and any room below it. Two features know
// nothing of each other: what joins them is written in app.
const floors = ['app', 'features', 'call', 'live', 'api', 'ui', 'lib'];

function roomOf(file, source) {
  const [room, name] = path.relative(source, file).split(path.sep);
  return { floor: floors.indexOf(room), room, feature: room === 'features' ? name : '' };
}

const direction = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      upward: '{{from}} must not import {{to}}: imports go app → features → call → live → api → ui → lib',
      sideways: 'a feature must not import another one ({{from}} → {{to}}): join them in app',
    },
  },
  create(context) {
    const source = path.join(context.cwd, 'src');
    const own = roomOf(context.filename, source);
    function check(node) {
      const name = node.source?.value;
      if (typeof name !== 'string' || !(name.startsWith('@/') || name.startsWith('.'))) return;
      const target = name.startsWith('@/')
        ? path.join(source, name.slice(2))
        : path.resolve(path.dirname(context.filename), name);
      const other = roomOf(target, source);
      if (own.floor < 0 || other.floor < 0) return;
      if (other.floor < own.floor) {
        context.report({ node, messageId: 'upward', data: { from: own.room, to: other.room } });
      } else if (own.feature && other.feature && own.feature !== other.feature) {
        context.report({ node, messageId: 'sideways', data: { from: own.feature, to: other.feature } });
      }
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

export const rooms = { rules: { direction } };

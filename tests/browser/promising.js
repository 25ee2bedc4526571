// What a promise is checked with: `part` of the pages, `expect` and `until`. What does not hold is told in the end.
const flaws = [];
const done = arguments[arguments.length - 1];
const part = (path) => import(new URL(path, document.baseURI));
const expect = (holds, words) => holds || flaws.push(words);
const later = window.setTimeout;
const until = async (isSo) => {
  while (!isSo()) await new Promise((resume) => later(resume, 10));
};

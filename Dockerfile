FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
# Only the server: the demo and the benchmark are not part of the image.
RUN npx nest build
# mongoose is a peer and a development dependency, and npm leaves such a package out with --omit=dev. Without the
# development dependencies in package.json it counts as the peer that it is.
RUN npm pkg delete devDependencies && npm prune

FROM node:22-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# A delivery leaves much short-lived garbage: docs/operations.md says what more room for it gains.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=64", "dist/main.js"]

-- Neovim, headless, as a real editor in front of the server. Works with 0.7.2 and with newer versions.
--
-- Environment: SERVER (a JSON array: the command), TARGET (the script to edit, which is rewritten).
-- Every step prints a line; the exit status is 0 when all went well.

local function say(line)
  io.stdout:write(line .. "\n")
end

local function finish(status)
  vim.cmd(status == 0 and "qall!" or ("cquit " .. status))
end

local function need(value, what)
  if not value then
    error("FAILED: " .. what, 0)
  end
  say("ok: " .. what)
  return value
end

local function await(condition, what)
  return need(vim.wait(20000, condition, 20), what)
end

local decode = vim.json and vim.json.decode or vim.fn.json_decode

local function marks(buffer)
  return vim.diagnostic.get(buffer)
end

local function code_of(mark)
  return mark.code or (mark.user_data and mark.user_data.lsp and mark.user_data.lsp.code)
end

-- One answer of the server. Newer versions want to know in which units positions count.
local function ask(client, buffer, method, params)
  local answers = vim.lsp.buf_request_sync(buffer, method, params, 20000)
  local answer = need(answers and answers[client.id], method .. " is answered")
  need(answer.error == nil and answer.err == nil, method .. " is no error")
  return answer.result
end

local function cursor_params(client)
  return vim.lsp.util.make_position_params(0, client.offset_encoding)
end

local function actions_at(client, buffer, mark)
  vim.api.nvim_win_set_cursor(0, { mark.lnum + 1, mark.col })
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  -- Old versions keep parts of the server's diagnostic, and can put it together again.
  local whole = mark.user_data and mark.user_data.lsp and mark.user_data.lsp.range and { mark.user_data.lsp }
  params.context = { diagnostics = whole or vim.lsp.diagnostic.get_line_diagnostics(buffer) }
  return ask(client, buffer, "textDocument/codeAction", params)
end

local function titled(actions, text)
  for _, action in ipairs(actions) do
    if action.title:find(text, 1, true) then
      return action
    end
  end
end

local function apply(client, buffer, action)
  if not action.edit then
    action = ask(client, buffer, "codeAction/resolve", action)
  end
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding or "utf-16")
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function run()
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.TARGET))
  local buffer = vim.api.nvim_get_current_buf()
  local started = vim.lsp.start_client({
    name = "keras-memlint",
    cmd = decode(vim.env.SERVER),
    root_dir = vim.fn.fnamemodify(vim.env.TARGET, ":h"),
  })
  need(started, "the server starts")
  vim.lsp.buf_attach_client(buffer, started)
  local client
  await(function()
    client = vim.lsp.get_client_by_id(started)
    return client ~= nil and client.initialized
  end, "hello")

  await(function() return #marks(buffer) == 2 end, "two findings are marked")
  local mark = marks(buffer)[1]
  need(code_of(mark) == "KM209", "the code is KM209")

  vim.api.nvim_win_set_cursor(0, { mark.lnum + 1, mark.col })
  local shown = ask(client, buffer, "textDocument/hover", cursor_params(client))
  need(shown.contents.value:find("map-sequential", 1, true), "the hover shows the rule's page")

  local suppress = need(titled(actions_at(client, buffer, mark), "suppress on this line"), "suppressing is offered")
  apply(client, buffer, suppress)
  await(function() return #marks(buffer) == 1 end, "the suppressed finding is gone")
  need(text(buffer):find("ds.map(decode)  # memlint: ignore[KM209]", 1, true), "the comment stands in its line")
  vim.cmd("silent undo")
  await(function() return #marks(buffer) == 2 end, "after undo it is back")

  local fix = need(titled(actions_at(client, buffer, marks(buffer)[1]), "num_parallel_calls"), "a fix is offered")
  apply(client, buffer, fix)
  await(function() return #marks(buffer) == 1 end, "the fixed finding is gone")

  local all = need(titled(actions_at(client, buffer, marks(buffer)[1]), "apply all safe fixes"), "fix all is offered")
  apply(client, buffer, all)
  await(function() return #marks(buffer) == 0 end, "nothing is marked any more")
  vim.cmd("silent write")
  local written = table.concat(vim.fn.readfile(vim.env.TARGET), "\n")
  local _, count = written:gsub("num_parallel_calls=tf.data.AUTOTUNE", "")
  need(count == 2, "both fixes are on disk")

  vim.lsp.stop_client(started)
  await(function()
    local stopped = vim.lsp.get_client_by_id(started)
    return stopped == nil or stopped.is_stopped()
  end, "goodbye")
end

local fine, problem = pcall(run)
if not fine then
  say(tostring(problem))
  for _, line in ipairs(vim.fn.readfile(vim.lsp.get_log_path())) do
    say(line)
  end
end
finish(fine and 0 or 1)

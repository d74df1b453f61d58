-- wrk: each request is another visitor's; their cookies are the arguments.
local cookies = {}
local next = 0

function init(arguments)
  for i = 1, #arguments do
    cookies[i] = arguments[i]
  end
end

function request()
  if #cookies == 0 then
    return wrk.format()
  end
  next = next % #cookies + 1
  return wrk.format(nil, nil, { ["Cookie"] = cookies[next] })
end

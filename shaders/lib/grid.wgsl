// A grid of more than 65535 workgroups is folded into y: this gives back the flat number of a workgroup.
fn flat_group(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
